//! Tools that say something before they answer.

use std::time::Duration;

use jmcp::tools::{Level, Tool};
use tokio::time::sleep;

use crate::{Nothing, said, tool};

/// The suite wants some time between two messages.
const PAUSE: Duration = Duration::from_millis(50);

pub(crate) fn tools() -> Vec<Tool> {
    vec![
        tool(
            "test_tool_with_logging",
            "Writes three lines.",
            |context, _: Nothing| async move {
                context.log.say(Level::Info, "Tool execution started");
                sleep(PAUSE).await;
                context.log.say(Level::Info, "Tool processing data");
                sleep(PAUSE).await;
                context.log.say(Level::Info, "Tool execution completed");
                Ok(said("Three lines were written."))
            },
        ),
        tool(
            "test_logging_tool",
            "Writes lines of all levels.",
            |context, _: Nothing| async move {
                for level in [Level::Debug, Level::Info, Level::Warning, Level::Error] {
                    context.log.say(level, format!("{level:?}"));
                }
                Ok(said("Four lines were written."))
            },
        ),
        tool(
            "test_tool_with_progress",
            "Takes three steps.",
            |context, _: Nothing| async move {
                for done in [0, 50, 100] {
                    context.progress.step(done, Some(100), format!("{done} of 100"));
                    sleep(PAUSE).await;
                }
                Ok(said("Three steps were taken."))
            },
        ),
        tool("test_reconnection", "Takes a while.", |_, _: Nothing| async {
            sleep(2 * PAUSE).await;
            Ok(said("It took a while."))
        }),
    ]
}
