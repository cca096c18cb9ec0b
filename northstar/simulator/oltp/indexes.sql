-- What the app needs to find rows of the modelled tables quickly.

CREATE INDEX ON directory.clinics (account_id);
CREATE INDEX ON directory.clinic_closures (clinic_id, ends_at);
CREATE INDEX ON patients.patients (primary_clinic_id);
CREATE INDEX ON scheduling.schedule_exceptions (provider_id, ends_at);
CREATE INDEX ON scheduling.provider_schedules (provider_id);
CREATE INDEX ON scheduling.appointments (starts_at);
CREATE INDEX ON scheduling.appointments (provider_id, starts_at);
CREATE INDEX ON scheduling.appointments (patient_id);
CREATE INDEX ON scheduling.appointments (rescheduled_from_id) WHERE rescheduled_from_id IS NOT NULL;
CREATE INDEX ON scheduling.appointments (fulfilled_at) WHERE fulfilled_at IS NOT NULL;
CREATE INDEX ON scheduling.appointment_events (appointment_id);
CREATE INDEX ON insurance.claims (submitted_at) WHERE status = 'submitted';
