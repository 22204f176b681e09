use super::*;

#[test]
fn messages_read_as_the_golden_files_show() {
    for (language, file) in [(Language::En, "messages.en.txt"), (Language::Zh, "messages.zh.txt")] {
        let mut all = String::new();
        for (name, message) in samples::messages() {
            let text = compose(&message, language, Some("https://replicator.example/"));
            all.push_str(&format!("--- {name} ({:?})\n{}\n\n", text.tone, text.subject));
            for entry in &text.entries {
                all.push_str(&format!("{}\n", entry.headline));
                entry.facts.iter().for_each(|(label, value)| all.push_str(&format!("  {label}: {value}\n")));
                entry.link.iter().for_each(|link| all.push_str(&format!("  {}: {link}\n", text.link_label)));
            }
            all.push_str(&format!("{}\n\n", text.more(2)));
        }
        samples::check(file, &all);
    }
}

#[test]
fn without_a_console_there_is_no_link() {
    let text = compose(&Message::Notices(vec![samples::lag()]), Language::En, None);
    assert_eq!(text.entries[0].link, None);
}
