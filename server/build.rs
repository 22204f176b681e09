//! Has the console embedded anew when it was built anew. A debug build reads it from its folder.

use std::path::Path;

fn main() {
    let dist = "../web-console/dist";
    let embeds = std::env::var("PROFILE").is_ok_and(|profile| profile == "release");
    if embeds {
        // While the folder is missing this always counts as changed, so that it is seen as soon as it is there.
        println!("cargo:rerun-if-changed={dist}");
        if !Path::new(dist).join("index.html").exists() {
            println!("cargo:warning=the console is not built in: run `make console` first");
        }
    } else {
        println!("cargo:rerun-if-changed=build.rs");
    }
}
