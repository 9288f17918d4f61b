//! The soak test: repeats every race, attack and kill, up to a thousand times each, and prints a table
//! of the failures.

use crate::admin::races as admin_races;
use crate::faults::{account_crash, crash};
use crate::helpers::tally::rounds;
use crate::security::{account_races, guessing, proportion, races, slow_bodies};

#[tokio::test]
#[ignore = "takes two hours with SOAK_ROUNDS=1000"]
async fn soak() {
    let rounds = rounds();
    let tallies = [
        races::registrations_of_one_email(rounds).await,
        races::registrations_of_one_username(rounds).await,
        races::registrations_with_one_answer(rounds).await,
        races::verifications_with_one_token(rounds).await,
        races::refreshes_of_one_token(rounds).await,
        races::refresh_and_logout(rounds).await,
        races::refresh_and_reset(rounds).await,
        races::login_and_reset(rounds).await,
        races::resets_with_one_token(rounds).await,
        account_races::changes_to_one_address(rounds).await,
        account_races::change_of_address_and_reset(rounds).await,
        account_races::change_and_sessions_of_the_old_password(rounds).await,
        account_races::changes_and_reset_of_a_password(rounds).await,
        account_races::deletion_and_everything_else(rounds).await,
        admin_races::disabling_and_the_users_own_actions(rounds).await,
        admin_races::disabling_and_the_users_own_deletion(rounds).await,
        admin_races::administrators_against_each_other(rounds).await,
        proportion::bodies_of_random_shapes(rounds).await,
        slow_bodies::slow_bodies(rounds.div_ceil(100)).await,
        guessing::guesses_from_a_hundred_networks(rounds.div_ceil(10)).await,
        guessing::a_guess_a_minute(rounds / 2).await,
        crash::kills_under_load(rounds / 2).await,
        account_crash::kills_amid_changes(rounds / 2).await,
    ];
    println!("{:<50} {:>7} {:>7}", "scenario", "rounds", "failed");
    for tally in &tallies {
        println!("{tally}");
    }
    for tally in &tallies {
        tally.assert_no_failures();
    }
}
