//! The text of a commit. It depends on how many of what there is, never on a value.

use surrealdb::types::{Array, Number, Object, Value, Variables};

use crate::fault::{Fault, GONE, STALE};
use crate::session::{Session, rows};
use crate::table::Key;

/// Statements that happen together or not at all.
#[derive(Default)]
pub(crate) struct Script {
    statements: Vec<Statement>,
    variables: Variables,
}

struct Statement {
    text: String,
    /// Whether it answers something only if its version check held.
    checked: bool,
}

impl Script {
    /// Fails unless a document has this revision, or is absent if none.
    pub(crate) fn guard(&mut self, key: &Key, revision: Option<i64>) {
        let record = self.bind(key.record());
        let revision = self.bind(revision.map_or(Value::None, int));
        let text = format!(
            "IF (SELECT VALUE rev FROM ONLY {record} FOR UPDATE) != {revision} {{ THROW '{STALE}' }}"
        );
        self.statements.push(Statement {
            text,
            checked: false,
        });
    }

    /// Fails unless the record is there. Whoever removes it meanwhile is not held up.
    pub(crate) fn present(&mut self, record: Value) {
        let record = self.bind(record);
        let text = format!("IF (SELECT VALUE id FROM ONLY {record}) = NONE {{ THROW '{GONE}' }}");
        self.statements.push(Statement {
            text,
            checked: false,
        });
    }

    /// Removes a record that must be there.
    pub(crate) fn take(&mut self, record: Value) {
        let record = self.bind(record);
        self.statements.push(Statement {
            text: format!("DELETE {record} RETURN BEFORE"),
            checked: true,
        });
    }

    /// Removes those of the records that are there.
    pub(crate) fn clear(&mut self, records: Vec<Value>) {
        let records = self.bind(Value::Array(Array::from(records)));
        self.statements.push(Statement {
            text: format!("DELETE {records} RETURN NONE"),
            checked: false,
        });
    }

    /// Lets those of the records that are there end at a time.
    pub(crate) fn expire(&mut self, records: Vec<Value>, at: Value) {
        let records = self.bind(Value::Array(Array::from(records)));
        let at = self.bind(at);
        self.statements.push(Statement {
            text: format!("UPDATE {records} SET exp = {at} RETURN NONE"),
            checked: false,
        });
    }

    /// Replaces a document that is known to be there.
    pub(crate) fn replace(&mut self, key: &Key, content: Value) {
        let (record, content) = (self.bind(key.record()), self.bind(content));
        self.statements.push(Statement {
            text: format!("UPDATE {record} CONTENT {content} RETURN NONE"),
            checked: false,
        });
    }

    /// Replaces a document that has this revision.
    pub(crate) fn update(&mut self, key: &Key, base: i64, content: Value) {
        let (record, base, content) = (
            self.bind(key.record()),
            self.bind(int(base)),
            self.bind(content),
        );
        let text = format!("UPDATE {record} CONTENT {content} WHERE rev = {base} RETURN VALUE rev");
        self.statements.push(Statement {
            text,
            checked: true,
        });
    }

    /// Removes a document that has this revision.
    pub(crate) fn delete(&mut self, key: &Key, base: i64) {
        let (record, base) = (self.bind(key.record()), self.bind(int(base)));
        let text = format!("DELETE {record} WHERE rev = {base} RETURN BEFORE");
        self.statements.push(Statement {
            text,
            checked: true,
        });
    }

    /// Remembers how large a table's documents get.
    pub(crate) fn grow(&mut self, record: Value, bytes: usize) {
        let (record, bytes) = (self.bind(record), self.bind(int(bytes as i64)));
        let text = format!(
            "UPSERT {record} SET bytes = IF bytes > {bytes} {{ bytes }} ELSE {{ {bytes} }} RETURN NONE"
        );
        self.statements.push(Statement {
            text,
            checked: false,
        });
    }

    /// Adds a record that must not exist.
    pub(crate) fn create(&mut self, record: Value, content: Value) {
        let (record, content) = (self.bind(record), self.bind(content));
        let text = format!("CREATE {record} CONTENT {content} RETURN NONE");
        self.statements.push(Statement {
            text,
            checked: false,
        });
    }

    /// Adds rows of one table.
    pub(crate) fn insert(&mut self, table: &str, rows: Vec<Object>) {
        let rows = self.bind(Value::Array(Array::from(rows)));
        self.statements.push(Statement {
            text: format!("INSERT INTO `{table}` {rows} RETURN NONE"),
            checked: false,
        });
    }

    /// Runs it. A single statement is a transaction of its own and spares the engine the frame around it.
    pub(crate) async fn run(self, session: &Session) -> Result<(), Fault> {
        if let [single] = self.statements.as_slice() {
            let checked = single.checked;
            let mut results = session.run(&single.text, self.variables).await?;
            return if checked && rows(&mut results, 0)?.is_empty() {
                Err(Fault::Conflict)
            } else {
                Ok(())
            };
        }
        let mut text = String::from("BEGIN;\n");
        for statement in &self.statements {
            if statement.checked {
                text.push_str("IF (");
                text.push_str(&statement.text);
                text.push_str(") = [] { THROW '");
                text.push_str(STALE);
                text.push_str("' };\n");
            } else {
                text.push_str(&statement.text);
                text.push_str(";\n");
            }
        }
        text.push_str("COMMIT");
        session.run(&text, self.variables).await.map(drop)
    }

    fn bind(&mut self, value: Value) -> String {
        let name = format!("p{}", self.variables.len());
        let shown = format!("${name}");
        self.variables.insert(name, value);
        shown
    }
}

const fn int(number: i64) -> Value {
    Value::Number(Number::Int(number))
}
