//! What can be said on the command line. Types only: what is done about it is in `commands/`.

mod argument;

pub use argument::{AppName, ArgumentError, PushListener, SwitchArg};

use crate::redirect::{Form, HostPort};
use crate::snapshot::store::Update;
use argument::{control_address, no_port, with_port};
use clap::{Args, Parser, Subcommand, ValueEnum};
use pushpit_emulator::clock::{Mode, Timestamp};
use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::PathBuf;

/// A local emulator and test harness for push providers.
#[derive(Clone, Debug, PartialEq, Parser)]
#[command(
    name = "pushpit",
    version,
    after_long_help = "\
Examples:
  pushpit serve                         an emulator to work against
  pushpit exec -- node send.js          a sender, on an emulator of its own
  pushpit run scenarios/story.yaml      one scenario, on an emulator of its own
  pushpit help run                      all about a command

Exit status: 0 all held; 1 something did not hold; 2 the call or a file is wrong; \
3 the emulator could not start."
)]
pub struct Cli {
    /// When to use colors.
    #[arg(long, global = true, value_enum, default_value_t, env = "PUSHPIT_COLOR")]
    pub color: Color,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Clone, Debug, PartialEq, Subcommand)]
pub enum Command {
    /// Accepts pending snapshots without asking.
    #[command(after_long_help = "\
Examples:
  pushpit accept                        everything under the current folder
  pushpit accept scenarios/story.yaml   the snapshot of one scenario")]
    Accept(SnapshotArgs),
    /// Reads scenario files and says what is wrong with them; runs nothing.
    #[command(after_long_help = "\
Examples:
  pushpit check                         every scenario under scenarios/
  pushpit check story.yaml --format json")]
    Check(CheckArgs),
    /// Makes the credentials that senders need, and says where they are.
    Credentials(CredentialsArgs),
    /// Prints the environment that points a sender at a running emulator.
    Env(EnvArgs),
    /// Runs a sender, whatever it is, on an emulator.
    Exec(ExecArgs),
    /// Removes pending snapshots without asking.
    #[command(after_long_help = "\
Examples:
  pushpit reject                        everything under the current folder
  pushpit reject scenarios/story.yaml   the snapshot of one scenario")]
    Reject(SnapshotArgs),
    /// Shows each pending snapshot and asks whether to accept it.
    #[command(after_long_help = "\
Keys, each followed by Enter: a accepts, r rejects, s skips, q quits.

Examples:
  pushpit review                        everything under the current folder
  pushpit review scenarios/story.yaml   the snapshot of one scenario")]
    Review(SnapshotArgs),
    /// Runs scenarios: drives real senders and shows what the devices got.
    Run(RunArgs),
    /// Prints the JSON Schema of scenario files.
    #[command(after_long_help = "\
Example:
  pushpit schema > docs/scenario.schema.json

An editor uses it through a first line in the scenario:
  # yaml-language-server: $schema=../docs/scenario.schema.json")]
    Schema,
    /// Starts the emulator for a developer to work against.
    Serve(ServeArgs),
}

/// Which pending snapshots are meant.
#[derive(Clone, Debug, PartialEq, Eq, Args)]
pub struct SnapshotArgs {
    /// Folders, scenarios or snapshots.
    #[arg(default_value = ".", value_name = "PATH")]
    pub paths: Vec<PathBuf>,
}

/// Which scenarios are checked.
#[derive(Clone, Debug, PartialEq, Eq, Args)]
pub struct CheckArgs {
    /// Files, or folders that are searched for `.yaml` and `.yml` files.
    #[arg(default_value = "scenarios", value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// How to say what is wrong.
    #[arg(long, value_enum, default_value_t, env = "PUSHPIT_FORMAT")]
    pub format: Format,
}

/// Which scenarios are run, and how.
#[derive(Clone, Debug, PartialEq, Eq, Args)]
#[command(after_long_help = "\
Examples:
  pushpit run                           every scenario under scenarios/
  pushpit run story.yaml --update=new   and write what differs for review
  pushpit run story.yaml --update       and write the snapshot anew
  CI=1 pushpit run --format json        writes no files")]
pub struct RunArgs {
    /// Files, or folders that are searched for `.yaml` and `.yml` files.
    #[arg(default_value = "scenarios", value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// What may be written; nothing when `CI` is set. `--update` alone means `always`.
    #[arg(
        long,
        value_enum,
        default_value_t,
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "always",
        value_name = "MODE",
        env = "PUSHPIT_UPDATE"
    )]
    pub update: Update,
    /// How many scenarios run at once; as many as there are processors when nothing is said.
    #[arg(short = 'j', long, value_name = "N", env = "PUSHPIT_JOBS", value_parser = clap::value_parser!(u16).range(1..))]
    pub jobs: Option<u16>,
    /// How to say what happened.
    #[arg(long, value_enum, default_value_t, env = "PUSHPIT_FORMAT")]
    pub format: Format,
}

/// How the emulator is started.
#[derive(Clone, Debug, PartialEq, Args)]
#[command(after_long_help = "\
Examples:
  pushpit serve
  pushpit serve --app apns:com.acme.chat --clock frozen
  pushpit serve --push 127.0.0.1:0 --control 127.0.0.1:0 --format json
  pushpit serve --push 127.0.0.1:7443 --push apns-production=127.0.0.1:2197")]
pub struct ServeArgs {
    /// Where providers listen; repeated for more, and bound to one service by its name.
    #[arg(
        long,
        value_name = "[SERVICE=]ADDR",
        value_delimiter = ',',
        default_value = "127.0.0.1:7443",
        env = "PUSHPIT_PUSH"
    )]
    pub push: Vec<PushListener>,
    /// Where the control API and the web page listen.
    #[arg(
        long,
        value_name = "ADDR",
        default_value = "127.0.0.1:7080",
        env = "PUSHPIT_CONTROL",
        value_parser = control_address
    )]
    pub control: SocketAddr,
    /// What people try first; there is none, for there are two.
    #[arg(long, hide = true, value_name = "PORT", value_parser = no_port)]
    pub port: Option<u16>,
    /// What there is from the start, and how time moves.
    #[command(flatten)]
    pub emulator: EmulatorArgs,
    /// What becomes of well-formed addresses that no device has.
    #[arg(long, value_enum, default_value = "register", env = "PUSHPIT_UNKNOWN_ADDRESSES")]
    pub unknown_addresses: UnknownAddresses,
    /// How to say where things are.
    #[arg(long, value_enum, default_value_t, env = "PUSHPIT_FORMAT")]
    pub format: Format,
}

/// What an emulator has from the start, and how its time moves.
#[derive(Clone, Debug, PartialEq, Args)]
pub struct EmulatorArgs {
    /// Where the CA and credentials are kept; `.pushpit`, found upwards, when nothing is said.
    #[arg(long, value_name = "DIR", env = "PUSHPIT_STATE")]
    pub state: Option<PathBuf>,
    /// A file with apps and devices.
    #[arg(long, value_name = "FILE", env = "PUSHPIT_CONFIG")]
    pub config: Option<PathBuf>,
    /// An app; repeated for more. One demo app per provider when none is named.
    #[arg(long = "app", value_name = "PROVIDER:ID", value_delimiter = ',', env = "PUSHPIT_APP")]
    pub apps: Vec<AppName>,
    /// How world time moves.
    #[arg(long, value_enum, default_value = "running", env = "PUSHPIT_CLOCK")]
    pub clock: ClockMode,
    /// When the world starts: 2030-01-01T00:00:00Z for a frozen clock, now for a running one.
    #[arg(long, value_name = "TIME", env = "PUSHPIT_CLOCK_START")]
    pub clock_start: Option<Timestamp>,
    /// Where chance starts from; the same seed gives the same addresses.
    #[arg(long, value_name = "N", env = "PUSHPIT_SEED")]
    pub seed: Option<u64>,
    /// A name, besides those of push hosts and of this machine, that certificates are made for;
    /// repeated for more.
    #[arg(long = "name", value_name = "NAME", value_delimiter = ',', env = "PUSHPIT_NAME")]
    pub names: Vec<String>,
    /// A choice where a real service's behavior is unknown, or made gentle; repeated for more.
    /// `GROUP=strict` chooses the strict behavior of a whole group, such as `http2` or `apns`.
    #[arg(
        long = "switch",
        value_name = "NAME=VALUE",
        value_delimiter = ',',
        env = "PUSHPIT_SWITCH"
    )]
    pub switches: Vec<SwitchArg>,
}

/// Which emulator's environment is printed, and how.
#[derive(Clone, Debug, PartialEq, Eq, Args)]
#[command(after_long_help = "\
Its files (certificates, a trust store for Java, hooks) are kept in the folder
`environment` of the emulator's state folder.

Examples:
  eval \"$(pushpit env)\"                 for this shell
  pushpit env --format dotenv > .env    for a file
  pushpit env --hosts                   names for a hosts file or containers")]
pub struct EnvArgs {
    /// The control API of the emulator.
    #[arg(
        long,
        value_name = "URL",
        default_value = "http://127.0.0.1:7080",
        env = "PUSHPIT_ATTACH"
    )]
    pub attach: String,
    /// How to write it.
    #[arg(long, value_enum, default_value_t, env = "PUSHPIT_FORMAT")]
    pub format: Form,
    /// Print the names of the push hosts instead, for a hosts file and for containers.
    #[arg(long, env = "PUSHPIT_HOSTS")]
    pub hosts: bool,
}

/// Which sender is run, and on which emulator.
#[derive(Clone, Debug, PartialEq, Args)]
#[command(after_long_help = "\
Where the system allows it, the sender is isolated: every push host is the
emulator, under its own name, and nothing else can be reached. Elsewhere its
environment redirects what reads it; docs/senders.md tells which libraries do.
Afterwards a summary is written to the error output.

Exit status: the sender's own; 125 when it dialed what it should not; 127 when
it was not found, 126 when it cannot be run, 128+N when signal N ended it. 2 the
call is wrong; 3 there is no emulator, or not the isolation that is required.

Examples:
  pushpit exec -- node send.js
  pushpit exec --allow localhost:5432 --publish 8080 -- ./server
  pushpit exec --config pushpit.yaml -- ./send-all
  pushpit exec --attach http://127.0.0.1:7080 -- python send.py")]
pub struct ExecArgs {
    /// The control API of a running emulator to take; one of its own, when nothing is said.
    #[arg(
        long,
        value_name = "URL",
        env = "PUSHPIT_ATTACH",
        conflicts_with_all = ["EmulatorArgs", "push", "control", "unknown_addresses"]
    )]
    pub attach: Option<String>,
    /// Where providers of the own emulator listen; port 0 picks a free one.
    #[arg(
        long,
        value_name = "[SERVICE=]ADDR",
        value_delimiter = ',',
        default_value = "127.0.0.1:0",
        env = "PUSHPIT_PUSH"
    )]
    pub push: Vec<PushListener>,
    /// Where the control API of the own emulator listens; port 0 picks a free one.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:0", env = "PUSHPIT_CONTROL", value_parser = control_address)]
    pub control: SocketAddr,
    /// What the own emulator has from the start. Its files go away with it, unless `--state`
    /// says where they stay.
    #[command(flatten)]
    pub emulator: EmulatorArgs,
    /// What becomes of well-formed addresses that no device has: `reject` when `CI` is set,
    /// else `register`.
    #[arg(long, value_enum, env = "PUSHPIT_UNKNOWN_ADDRESSES")]
    pub unknown_addresses: Option<UnknownAddresses>,
    /// Whether the sender is kept apart from every network but the emulator.
    #[arg(long, value_enum, default_value_t, env = "PUSHPIT_ISOLATE")]
    pub isolate: Isolate,
    /// A place outside that an isolated sender may reach, such as its database; repeatable.
    #[arg(
        long,
        value_name = "HOST:PORT",
        value_delimiter = ',',
        env = "PUSHPIT_ALLOW",
        value_parser = with_port
    )]
    pub allow: Vec<HostPort>,
    /// A place that an isolated sender may dial in vain, such as telemetry; repeatable.
    #[arg(long, value_name = "HOST[:PORT]", value_delimiter = ',', env = "PUSHPIT_IGNORE")]
    pub ignore: Vec<HostPort>,
    /// A port of an isolated sender that is reached from outside on 127.0.0.1; repeatable.
    #[arg(long, value_name = "PORT", value_delimiter = ',', env = "PUSHPIT_PUBLISH")]
    pub publish: Vec<u16>,
    /// The sender and its arguments.
    #[arg(
        value_name = "CMD",
        required = true,
        trailing_var_arg = true,
        allow_hyphen_values = true
    )]
    pub command: Vec<OsString>,
}

/// Whether a sender is isolated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Isolate {
    /// Where the system allows it; elsewhere its environment alone redirects it.
    #[default]
    Auto,
    /// Its environment alone redirects it.
    Off,
    /// In any case: where that cannot be, nothing is run.
    Required,
}

/// Which credentials are listed.
#[derive(Clone, Debug, PartialEq, Eq, Args)]
#[command(after_long_help = "\
Examples:
  pushpit credentials
  pushpit credentials --app apns:com.acme.chat --format json")]
pub struct CredentialsArgs {
    /// Where the CA and credentials are kept; `.pushpit`, found upwards, when nothing is said.
    #[arg(long, value_name = "DIR", env = "PUSHPIT_STATE")]
    pub state: Option<PathBuf>,
    /// An app; repeated for more. One demo app per provider when none is named.
    #[arg(long = "app", value_name = "PROVIDER:ID", value_delimiter = ',', env = "PUSHPIT_APP")]
    pub apps: Vec<AppName>,
    /// How to list them.
    #[arg(long, value_enum, default_value_t, env = "PUSHPIT_FORMAT")]
    pub format: Format,
}

/// When to use colors.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// Always.
    Always,
    /// On a terminal that can.
    #[default]
    Auto,
    /// Never.
    Never,
}

/// For whom output is made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For programs: one JSON value a line.
    Json,
    /// For people.
    #[default]
    Text,
}

/// How world time moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ClockMode {
    /// By jumps only.
    Frozen,
    /// With real time, plus every jump.
    Running,
}

impl From<ClockMode> for Mode {
    fn from(mode: ClockMode) -> Self {
        match mode {
            ClockMode::Frozen => Self::Frozen,
            ClockMode::Running => Self::Running,
        }
    }
}

/// What becomes of well-formed addresses that no device has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum UnknownAddresses {
    /// They become online devices on first use.
    Register,
    /// They are refused with the provider's real answer.
    Reject,
}
