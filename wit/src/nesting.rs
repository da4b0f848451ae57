//! A package of WIT written so that it may follow another one in the same text: `package name { … }`. The build
//! script uses this file as well.

use std::mem;

/// The package of these files, the texts of one folder, with its name; or why they are none.
pub fn nested(files: impl IntoIterator<Item = String>) -> Result<(String, String), String> {
    let (mut name, mut header, mut body) = (None, String::new(), String::new());
    for file in files {
        let mut text = String::new();
        for line in file.lines() {
            let declared = line.trim_end().strip_prefix("package ");
            let Some(declared) = declared.and_then(|rest| rest.strip_suffix(';')) else {
                text = text + line + "\n";
                continue;
            };
            if let Some(other) = name.replace(declared.trim().to_owned())
                && other != declared.trim()
            {
                return Err(format!("it is both {other} and {}", declared.trim()));
            }
            // What stands before it is about the package.
            header += &mem::take(&mut text);
        }
        body += &text;
    }
    let name = name.ok_or("none of its files has a line `package namespace:name@version;`")?;
    let text = format!("{header}package {name} {{\n{body}}}\n");
    Ok((name, text))
}
