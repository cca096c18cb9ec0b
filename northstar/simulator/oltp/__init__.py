"""The app's database: schema, seed data, and the life that goes on in it."""
