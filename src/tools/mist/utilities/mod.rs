//! What devices do and say when the Mist cloud asks them: actions and utilities (`actions`, one closed list as data), and commands on
//! their own command line.

pub(super) mod actions;
mod execute_custom_shell_command;
mod mist_utilities;
mod reads;
pub(super) mod run;

use crate::tools::Tool;

/// The tools.
pub(super) fn all() -> Vec<Tool> {
    vec![execute_custom_shell_command::tool(), mist_utilities::tool()]
}
