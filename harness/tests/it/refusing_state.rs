//! A state folder that is there and cannot be used: the program says which place, why and what to
//! do, and ends with 3.

use crate::program::Program;
use insta::assert_snapshot;
use std::fs;

/// What `serve` says of the state folder `state`; it must end with 3, and print no line of a start.
fn said(program: &Program, state: &str) -> String {
    let args = ["serve", "--push", "127.0.0.1:0", "--control", "127.0.0.1:0", "--state", state];
    let ended = program.run(&args, "");
    assert_eq!((ended.status, ended.stdout.as_str()), (Some(3), ""), "{}", ended.stderr);
    let folder = fs::canonicalize(program.path("")).unwrap();
    ended.stderr.replace(&folder.display().to_string(), "[folder]")
}

/// Permissions do not stop root, but the kernel's own folders take files from nobody.
#[cfg(target_os = "linux")]
#[test]
fn a_state_folder_that_takes_no_files_ends_with_3_and_what_to_do() {
    let said = said(&Program::new(), "/sys");
    // Some machines mount it to be read only.
    let said = said.replace("Read-only file system (os error 30)", "[denied]");
    let said = said.replace("Permission denied (os error 13)", "[denied]");
    assert_snapshot!(said, @r#"
    error: could not write `/sys/lock`: [denied]
    help: give another folder with `--state DIR`, or mend its permissions
    "#);
}

#[test]
fn a_folder_in_the_place_of_a_file_ends_with_3_and_what_to_do() {
    let mut all = String::new();
    for name in ["lock", "ca.pem", "ca-key.pem", "credentials/index.json"] {
        let program = Program::new();
        program.write(&format!("state/{name}/file"), "");
        all.push_str(&format!("{name}\n{}\n", said(&program, "state")));
    }
    assert_snapshot!(all, @r#"
    lock
    error: could not write `[folder]/state/lock`: Is a directory (os error 21)
    help: give another folder with `--state DIR`, or mend its permissions

    ca.pem
    error: could not read `[folder]/state/ca.pem`: Is a directory (os error 21)
    help: give another folder with `--state DIR`, or mend its permissions

    ca-key.pem
    error: could not read `[folder]/state/ca-key.pem`: Is a directory (os error 21)
    help: give another folder with `--state DIR`, or mend its permissions

    credentials/index.json
    error: cannot read `[folder]/state/credentials/index.json`: Is a directory (os error 21)
    help: make it readable, or delete the `credentials` folder to get new credentials
    "#);
}

#[test]
fn a_file_in_the_place_of_a_folder_ends_with_3_and_what_to_do() {
    let mut all = String::new();
    for name in ["state", "state/credentials", "state/credentials/apns"] {
        let program = Program::new();
        program.write(name, "");
        all.push_str(&format!("{name}\n{}\n", said(&program, "state")));
    }
    assert_snapshot!(all, @r#"
    state
    error: could not create `state`: File exists (os error 17)
    help: give another folder with `--state DIR`, or mend its permissions

    state/credentials
    error: cannot create `[folder]/state/credentials`: File exists (os error 17)
    help: make the folder writable, or take another one with `--state`

    state/credentials/apns
    error: cannot create `[folder]/state/credentials/apns`: File exists (os error 17)
    help: make the folder writable, or take another one with `--state`
    "#);
}
