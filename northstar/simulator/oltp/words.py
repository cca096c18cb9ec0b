"""Word lists of the simulated company: made-up people, reasons and notes."""

FIRST_NAMES = (
    "Adela", "Ansel", "Ariadne", "Basil", "Beatrix", "Bram", "Calla", "Caspian", "Corin", "Dahlia", "Darian",
    "Delphine",
    "Edda", "Elwin", "Esme", "Fabian", "Faye", "Florian", "Gemma", "Gideon", "Greta", "Hale", "Hester", "Idris", "Ines",
    "Isolde", "Jarek", "Jory", "Juno", "Kaspar", "Keira", "Lazlo", "Leda", "Linus", "Mabel", "Magnus", "Marisol",
    "Nadia", "Nico", "Odette", "Orin", "Paloma", "Pascal", "Petra", "Quill", "Rafe", "Renata", "Rowan", "Sabine",
    "Silas", "Tamsin", "Thaddeus", "Una", "Ursa", "Vesper", "Viggo", "Wilma", "Xanthe", "Yannick", "Zelda",
)  # fmt: skip
LAST_NAMES = (
    "Abernet", "Ashgrove", "Barrowell", "Bexfield", "Brindle", "Cadwyn", "Calloway", "Cresswick", "Dunmore", "Eastlake",
    "Elderfen", "Fairwick", "Fenwright", "Garrowby", "Glenhart", "Hallowell", "Hartsfell", "Ironwood", "Jessamy",
    "Kelmscot", "Kirkbrae", "Larkspur", "Lindqvale", "Maplesden", "Merriwold", "Netherby", "Northgate", "O'Fallow",
    "Oakhurst", "Pellerin", "Penhallow", "Quarrington", "Ravensworth", "Rookwood", "Saltmarsh", "Sedgewick",
    "Silverthorn", "Thistledown", "Tolliver", "Underhill", "Vanterpool", "Wetherall", "Whitlock", "Wyndham",
    "Yarborough",
    "de la Brise", "van der Heide", "Zimmerlund",
)  # fmt: skip
STREETS = ("Alder Way", "Beacon Street", "Cedar Lane", "Dover Road", "Elm Court", "Foundry Row", "Garden Terrace",
           "Harbor Drive", "Mill Road", "Orchard Avenue", "Quarry Lane", "Station Road")  # fmt: skip
CLINIC_SUFFIXES = ("Clinic", "Center", "Practice", "Office", "Health Center", "Surgery", "Pavilion", "Annex")
CREDENTIALS = ("MD", "DO", "NP", "PA", "PT", "PhD", "LCSW", "RN")
REASONS_FOR_VISIT = (
    "annual check", "follow-up after surgery", "knee pain since last week", "medication review", "persistent cough",
    "blood pressure control", "skin rash", "school form", "vaccination", "headache, worse in the morning",
    "sleep problems", "back pain", "lab results", "new patient visit", "anxiety, wants to talk",
)  # fmt: skip
NOTES = (
    "Prefers morning visits.", "Bring previous imaging.", "Interpreter needed.", "Wheelchair access.",
    "Patient called, will be ten minutes late.", "Insurance card copied at front desk.",
    "Daughter drives; call her first.", "Left a message, no answer.", 'Said "the pain is better"; see chart.',
    "Line one\nline two of a note typed in haste.",
)  # fmt: skip
PTO_REASONS = ("vacation", "family leave", "conference", "sick leave", "jury duty")
BLOCK_REASONS = ("charting", "staff meeting", "training", "on call", "supervision")
MESSAGES = (
    "Can I come in earlier than planned?", "My refill has not arrived at the pharmacy.",
    "Thank you for the quick visit.",
    "The swelling is down, but it still hurts at night.", "Please send the invoice to my new address.",
    "Is it safe to take both tablets together?", "I need a letter for my employer.",
)  # fmt: skip
TASKS = ("Call patient back", "Review lab result", "Send records", "Verify insurance", "Sign form", "Order supplies")
USER_ROLES = ("front_desk", "nurse", "provider", "biller", "manager", "admin")

# NUCC taxonomy code, name, grouping.
SPECIALTIES = (
    ("207Q00000X", "Family Medicine", "Primary care"),
    ("207R00000X", "Internal Medicine", "Primary care"),
    ("208000000X", "Pediatrics", "Primary care"),
    ("207RC0000X", "Cardiovascular Disease", "Medical specialty"),
    ("207N00000X", "Dermatology", "Medical specialty"),
    ("2084N0400X", "Neurology", "Medical specialty"),
    ("2084P0800X", "Psychiatry", "Behavioral health"),
    ("103TC0700X", "Clinical Psychology", "Behavioral health"),
    ("1041C0700X", "Clinical Social Work", "Behavioral health"),
    ("207X00000X", "Orthopaedic Surgery", "Surgical specialty"),
    ("208600000X", "Surgery", "Surgical specialty"),
    ("207V00000X", "Obstetrics & Gynecology", "Surgical specialty"),
    ("225100000X", "Physical Therapy", "Therapy"),
    ("363L00000X", "Nurse Practitioner", "Advanced practice"),
    ("363A00000X", "Physician Assistant", "Advanced practice"),
    ("207RE0101X", "Endocrinology, Diabetes & Metabolism", "Medical specialty"),
)

# Code, name, minutes, telehealth, price in US dollars, weight among bookings.
APPOINTMENT_TYPES = (
    ("NEW", "New patient", 60, False, 240, 0.15),
    ("FUP", "Follow-up", 30, False, 110, 0.29),
    ("TEL", "Video visit", 30, True, 85, 0.13),
    ("PHY", "Annual physical", 45, False, 190, 0.20),
    ("NUR", "Nurse visit", 15, False, 45, 0.05),
    ("ACU", "Acute visit", 20, False, 95, 0.14),
    ("PRC", "Minor procedure", 90, False, 420, 0.04),
)

PAYERS = (
    ("AETHER", "Aether Health Plan", "commercial"),
    ("BLUEFIR", "Blue Fir Mutual", "commercial"),
    ("CORVID", "Corvid Benefits", "commercial"),
    ("DELTAM", "Delta Meadow HMO", "commercial"),
    ("FEDSEN", "Federal Senior Program", "medicare"),
    ("STATEA", "State Assistance Program", "medicaid"),
    ("UNIONW", "Union Workers Fund", "commercial"),
    ("SELFPY", "Self-pay", "self_pay"),
)
