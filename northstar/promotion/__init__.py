"""How a change becomes prod: by a receipt of the gate, which a guard asks for."""
