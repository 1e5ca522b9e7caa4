//! `pushpit review`, `accept` and `reject`.

use super::{CommandError, Context};
use pushpit::cli::SnapshotArgs;
use pushpit::exit::Exit;
use pushpit::snapshot::review::{ReviewError, find, review};
use pushpit::snapshot::store;
use std::io::{self, Write};

/// Asks about each pending snapshot.
pub(crate) fn ask(args: &SnapshotArgs, context: Context) -> Result<Exit, CommandError> {
    let pending = find(&args.paths)?;
    if pending.is_empty() {
        writeln!(anstream::stdout(), "nothing to review")?;
        return Ok(Exit::Held);
    }
    let mut output = anstream::stdout();
    let done = review(&pending, &mut io::stdin().lock(), &mut output, context.stdout)?;
    let (accepted, rejected, skipped) = (done.accepted, done.rejected, done.skipped);
    writeln!(anstream::stdout(), "{accepted} accepted, {rejected} rejected, {skipped} left")?;
    Ok(Exit::Held)
}

/// Accepts all pending snapshots.
pub(crate) fn accept(args: &SnapshotArgs) -> Result<Exit, CommandError> {
    let pending = find(&args.paths)?;
    let mut exit = Exit::Held;
    for path in &pending {
        match store::accept(path) {
            Ok(()) => {
                writeln!(anstream::stdout(), "accepted {}", path.with_extension("").display())?;
            }
            Err(error) => {
                writeln!(anstream::stderr(), "error: {error}\nhelp: {}", error.help())?;
                exit = Exit::Wrong;
            }
        }
    }
    say_if_none(pending.is_empty())?;
    Ok(exit)
}

/// Removes all pending snapshots.
pub(crate) fn reject(args: &SnapshotArgs) -> Result<Exit, CommandError> {
    let pending = find(&args.paths)?;
    for path in &pending {
        store::reject(path).map_err(ReviewError::from)?;
        writeln!(anstream::stdout(), "rejected {}", path.display())?;
    }
    say_if_none(pending.is_empty())?;
    Ok(Exit::Held)
}

fn say_if_none(none: bool) -> Result<(), CommandError> {
    if none {
        writeln!(anstream::stdout(), "nothing to review")?;
    }
    Ok(())
}
