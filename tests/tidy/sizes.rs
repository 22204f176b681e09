//! A file is read in one go, a function on a screen: what outgrows that mixes two things.

use crate::assert_none;
use crate::repository::with_extension;
use crate::rust_code::{Code, functions};

/// Lines of a file, tests and comments included. 150 to 300 is where most should be.
const FILE_LINES_MAX: usize = 450;
const FILE_LINES_NOTED: usize = 300;

/// Lines of a function. Most have under 40.
const FUNCTION_LINES_MAX: usize = 80;

#[test]
fn files_are_read_in_one_go() {
    let mut problems = Vec::new();
    for file in with_extension("rs") {
        let lines = file.text.lines().count();
        if lines > FILE_LINES_MAX {
            problems.push(format!("{}: {lines} lines; {FILE_LINES_MAX} is the wall", file.path));
        } else if lines > FILE_LINES_NOTED {
            println!("{}: {lines} lines", file.path);
        }
    }
    assert_none("files that should become two", &problems);
}

#[test]
fn functions_fit_a_screen() {
    let mut problems = Vec::new();
    for file in with_extension("rs") {
        for function in functions(&Code::of(file).bare) {
            if function.lines > FUNCTION_LINES_MAX {
                problems
                    .push(format!("{}:{}: `{}` has {} lines", file.path, function.line, function.name, function.lines));
            }
        }
    }
    assert_none("functions that should become two", &problems);
}
