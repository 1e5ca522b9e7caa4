//! File descriptors: each connection costs one, and the system gives a process so many.

/// How many push connections may be open at once when nothing else is said: far beyond any sender's
/// pool, and each costs a descriptor and at most
/// [`CONNECTION_BUDGET`](super::CONNECTION_BUDGET) when it rests.
pub const MAX_CONNECTIONS: usize = 20_000;

/// How many descriptors push connections leave to others: the control API's connections, the
/// files of the state folder and of snapshots, and the pipes of programs that a scenario runs.
pub const RESERVED: usize = crate::control::MOST_CALLERS + 256;

/// Raises the process's limit of open descriptors to what all connections need, if the system lets
/// it; gives how many push connections may be open at once.
///
/// It is raised no further than that: programs that are started inherit the limit, and some of them
/// close all descriptors up to it one by one.
pub fn most_connections() -> usize {
    connections_within(raise_descriptors(MAX_CONNECTIONS + RESERVED))
}

/// Raises the limit of open descriptors to at least `wanted`, or as near as the system lets it;
/// gives what it is now.
#[cfg(unix)]
pub fn raise_descriptors(wanted: usize) -> usize {
    use nix::sys::resource::{Resource, getrlimit, setrlimit};
    let size = |limit: u64| usize::try_from(limit).unwrap_or(usize::MAX);
    let Ok((soft, hard)) = getrlimit(Resource::RLIMIT_NOFILE) else {
        return LEAST;
    };
    let goal = u64::try_from(wanted).unwrap_or(u64::MAX).min(hard);
    // macOS says that there is no limit and takes nothing beyond this one. [report]
    for goal in [goal, goal.min(OPEN_MAX)] {
        if goal > soft && setrlimit(Resource::RLIMIT_NOFILE, goal, hard).is_ok() {
            return size(goal);
        }
    }
    size(soft)
}

/// Descriptors are not counted here: sockets are bounded by memory alone.
#[cfg(not(unix))]
pub const fn raise_descriptors(wanted: usize) -> usize {
    wanted
}

/// How many of so many descriptors are for push connections: what is not reserved, but of few
/// descriptors half.
fn connections_within(descriptors: usize) -> usize {
    let left = descriptors.saturating_sub(RESERVED).max(descriptors / 2);
    left.clamp(1, MAX_CONNECTIONS)
}

/// What every system gives a process. [doc] POSIX, `_POSIX_OPEN_MAX`
#[cfg(unix)]
const LEAST: usize = 20;
/// `OPEN_MAX` of macOS.
#[cfg(unix)]
const OPEN_MAX: u64 = 10_240;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_leave_descriptors_to_others() {
        let within = [0, 20, 256, 1_024, 4_096, 1 << 20, usize::MAX].map(connections_within);
        assert_eq!(within, [1, 10, 128, 512, 3_584, 20_000, 20_000]);
    }

    #[cfg(unix)]
    #[test]
    fn the_limit_is_raised_and_never_lowered() {
        let before = raise_descriptors(1);
        assert_eq!(raise_descriptors(1), before);
        let raised = raise_descriptors(before + 1);
        assert!(raised == before || raised == before + 1, "{before} {raised}");
        assert_eq!(raise_descriptors(1), raised);
    }
}
