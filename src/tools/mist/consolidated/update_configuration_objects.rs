//! `mist_update_configuration_objects`: creates and updates configuration objects, after a person saw the difference.

use super::{changes, table::Table};
use crate::tools::{Effect, Tool};

pub(super) fn tool(table: &'static Table) -> Tool {
    super::of(table, Effect::Write, changes::make).planned(changes::plan)
}
