"""What the service needs of the outside, as protocols. `shared.wiring` chooses the implementations."""
