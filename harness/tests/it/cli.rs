//! What can be said on the command line.

use crate::program::Program;
use clap::{CommandFactory, FromArgMatches};
use insta::assert_snapshot;
use pushpit::cli::{AppName, Cli, ClockMode, Command, Format, PushListener, UnknownAddresses};
use pushpit::snapshot::store::Update;

/// Parses a command line.
fn parse(args: &str) -> Result<Command, String> {
    let words = ["pushpit"].into_iter().chain(args.split(' '));
    let command = Cli::command().term_width(100);
    let matches = command.try_get_matches_from(words).map_err(|error| error.to_string())?;
    Ok(Cli::from_arg_matches(&matches).map_err(|error| error.to_string())?.command)
}

#[test]
fn the_types_make_sense_to_clap() {
    Cli::command().debug_assert();
}

#[test]
fn the_program_says_its_version() {
    let ended = Program::new().run(&["--version"], "");
    assert_eq!(ended.status, Some(0));
    assert_eq!(ended.stdout, format!("pushpit {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn help_lists_the_commands() {
    let ended = Program::new().run(&["--help"], "");
    assert_eq!(ended.status, Some(0));
    assert_snapshot!(ended.stdout);
}

#[test]
fn a_wrong_call_ends_with_2_and_a_near_name() {
    let ended = Program::new().run(&["chek"], "");
    assert_eq!((ended.status, ended.stdout.as_str()), (Some(2), ""));
    assert_snapshot!(ended.stderr, @"
    error: unrecognized subcommand 'chek'

      tip: some similar subcommands exist: 'schema', 'check'

    Usage: pushpit [OPTIONS] <COMMAND>

    For more information, try '--help'.
    ");
}

#[test]
fn without_a_command_the_program_ends_with_2() {
    assert_eq!(Program::new().run(&[], "").status, Some(2));
}

#[test]
fn serve_without_options_listens_on_loopback() {
    let Ok(Command::Serve(serve)) = parse("serve") else { panic!() };
    let address = "127.0.0.1:7443".parse().expect("an address");
    assert_eq!(serve.push, [PushListener { service: None, address }]);
    assert_eq!(serve.control, "127.0.0.1:7080".parse().expect("an address"));
    assert_eq!(serve.emulator.clock, ClockMode::Running);
    assert_eq!(serve.unknown_addresses, UnknownAddresses::Register);
    assert_eq!(serve.format, Format::Text);
}

#[test]
fn serve_takes_several_listeners_and_apps() {
    let line = "serve --push 127.0.0.1:0 --push apns-production=[::1]:2197 --app apns:a --app wns:ms-app://b \
                --clock frozen --clock-start 2031-01-01T00:00:00Z --seed 7 --format json";
    let Ok(Command::Serve(serve)) = parse(&line.split_whitespace().collect::<Vec<_>>().join(" "))
    else {
        panic!()
    };
    let second = PushListener {
        service: Some("apns-production".to_owned()),
        address: "[::1]:2197".parse().expect("an address"),
    };
    assert_eq!(serve.push[1], second);
    let app = AppName { provider: "wns".to_owned(), app: "ms-app://b".to_owned() };
    assert_eq!(serve.emulator.apps[1], app);
    assert_eq!(serve.emulator.clock_start, Some("2031-01-01T00:00:00Z".parse().expect("a moment")));
    assert_eq!((serve.emulator.seed, serve.format), (Some(7), Format::Json));
}

#[test]
fn localhost_is_an_address() {
    let Ok(Command::Serve(serve)) = parse(
        "serve --push localhost:0 --push apns-production=localhost:2197 --control localhost:7081",
    ) else {
        panic!()
    };
    let shown: Vec<_> = serve.push.iter().map(|push| push.address.to_string()).collect();
    assert_eq!(shown, ["127.0.0.1:0", "127.0.0.1:2197"]);
    assert_eq!(serve.control.to_string(), "127.0.0.1:7081");
}

#[test]
fn every_help_fits_a_terminal_of_80_columns_with_its_examples_unbroken() {
    let mut program = Cli::command().term_width(80);
    program.build();
    for command in program.get_subcommands_mut() {
        for help in [command.render_help(), command.render_long_help()] {
            let help = help.to_string();
            let wide = help.lines().find(|line| line.chars().count() > 80);
            assert_eq!(wide, None, "{help}");
        }
        let help = command.render_long_help().to_string();
        let Some(examples) = command.get_after_long_help() else { continue };
        assert!(help.contains(&examples.to_string()), "{help}");
    }
}

#[test]
fn every_option_is_a_variable_too() {
    let mut program = Cli::command();
    program.build();
    for command in program.get_subcommands().filter(|command| command.get_name() != "help") {
        let options = command.get_arguments().filter(|option| !option.is_hide_set());
        for option in options.filter(|option| !option.is_positional()) {
            let name = option.get_long().expect("it has a long name");
            if name == "help" {
                continue;
            }
            let variable = format!("PUSHPIT_{}", name.replace('-', "_").to_uppercase());
            assert_eq!(option.get_env(), Some(variable.as_ref()), "{}", command.get_name());
        }
    }
}

#[test]
fn wrong_values_are_named_with_what_was_expected() {
    let wrong = [
        "serve --push nowhere",
        "serve --control example.com:7080",
        "serve --push localhost:x",
        "serve --app chat",
        "serve --clock-start x",
        "run --jobs 0",
        "run --update=story.yaml",
    ];
    let said: Vec<String> = wrong
        .iter()
        .map(|line| parse(line).expect_err("it is wrong"))
        .map(|text| text.lines().next().unwrap_or_default().to_owned())
        .collect();
    assert_snapshot!(said.join("\n"), @"
    error: invalid value 'nowhere' for '--push <[SERVICE=]ADDR>': expected an IP address (or `localhost`) and a port, such as `127.0.0.1:7443` or `apns-production=127.0.0.1:2197`
    error: invalid value 'example.com:7080' for '--control <ADDR>': expected an IP address (or `localhost`) and a port, such as `127.0.0.1:7080`
    error: invalid value 'localhost:x' for '--push <[SERVICE=]ADDR>': expected an IP address (or `localhost`) and a port, such as `127.0.0.1:7443` or `apns-production=127.0.0.1:2197`
    error: invalid value 'chat' for '--app <PROVIDER:ID>': expected a provider and an app's id, such as `apns:com.acme.chat`
    error: invalid value 'x' for '--clock-start <TIME>': expected a time such as `2030-02-01T00:00:00Z`, found `x`
    error: invalid value '0' for '--jobs <N>': 0 is not in 1..=65535
    error: invalid value 'story.yaml' for '--update[=<MODE>]'
    ");
}

#[test]
fn run_writes_what_is_new_for_review_unless_told_otherwise() {
    let Ok(Command::Run(run)) = parse("run") else { panic!() };
    assert_eq!((run.update, run.jobs), (Update::New, None));
    let Ok(Command::Run(run)) = parse("run a b --update=unseen --jobs 3") else { panic!() };
    assert_eq!((run.update, run.jobs), (Update::Unseen, Some(3)));
    assert_eq!(run.paths.len(), 2);
    let Ok(Command::Run(run)) = parse("run a --update") else { panic!() };
    assert_eq!((run.update, run.paths.len()), (Update::Always, 1));
}

#[test]
fn credentials_can_be_listed_for_programs() {
    let Ok(Command::Credentials(credentials)) = parse("credentials --format json") else {
        panic!()
    };
    assert_eq!((credentials.format, credentials.apps), (Format::Json, vec![]));
}

#[test]
fn schema_prints_the_committed_schema() {
    let ended = Program::new().run(&["schema"], "");
    assert_eq!(ended.status, Some(0));
    assert_eq!(ended.stdout, include_str!("../../../docs/scenario.schema.json"));
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let ended = Program::new().run_with_closed_output(&["schema"]);
    assert_eq!((ended.status, ended.stderr.as_str()), (Some(0), ""));
}
