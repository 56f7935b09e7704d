"""Continue as new: the instance lives again with another input and an empty history."""

from tests.conformance.history import done, heard
from tests.conformance.scenario import Scenario, lives_again, reaches, sends, shows, tells

SCENARIOS = (
    Scenario(
        title="an instance lives again with a new input, and only the last life has a history",
        orchestrator="countdown",
        data=4,
        output="lift-off",
        history=[done("square", 1)],
    ),
    Scenario(
        title="it may continue as new in its first episode",
        orchestrator="first_step_anew",
        output="second life",
        history=[],
    ),
    Scenario(
        title="it continues as new when nothing is open any more",
        orchestrator="new_after_timer",
        output="second life",
        history=[],
    ),
    Scenario(
        title="events that came before, and that nobody waited for, are dropped; later ones are heard",
        orchestrator="hears_in_second_life",
        steps=(
            reaches("Running"),
            sends("Item", 1),
            shows("EventRaised"),
            sends("Begin"),
            lives_again("second life"),
            sends("Item", 2),
        ),
        output=2,
        history=[heard("Item")],
        note="Seen on Durable extension 3.19.",
    ),
    Scenario(
        title="of events that are taken in together, those after the one that ends the life are carried over",
        orchestrator="hears_in_second_life",
        steps=(
            reaches("Running"),
            tells("suspend"),
            reaches("Suspended"),
            sends("Item", 1),
            shows("EventRaised"),
            sends("Begin"),
            shows("EventRaised", 2),
            sends("Item", 2),
            shows("EventRaised", 3),
            tells("resume"),
        ),
        output=2,
        history=[heard("Item")],
        note="Seen on Durable extension 3.19.",
    ),
)
