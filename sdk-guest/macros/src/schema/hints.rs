//! `#[schema(…)]` on a field: what its type does not say.

use serde_json::{Map, Number, Value};
use syn::meta::ParseNestedMeta;
use syn::{Attribute, Expr, ExprLit, ExprUnary, Lit, LitStr, Result, Type, UnOp};

/// What is said of a field.
#[derive(Default)]
pub struct Hints {
    /// `as = "Type"`: the type to describe it by.
    pub described_as: Option<Type>,
    /// `min`, `max`, `min_length`, `max_length`, `max_items`, `format`, `example`: members of its schema. They
    /// tell clients what the code checks; they check nothing themselves.
    pub members: Map<String, Value>,
}

impl Hints {
    pub fn of(attrs: &[Attribute]) -> Result<Self> {
        let mut hints = Self::default();
        for attr in attrs.iter().filter(|attr| attr.path().is_ident("schema")) {
            attr.parse_nested_meta(|meta| hints.add(&meta))?;
        }
        Ok(hints)
    }

    fn add(&mut self, meta: &ParseNestedMeta) -> Result<()> {
        let name = meta
            .path
            .get_ident()
            .map(ToString::to_string)
            .unwrap_or_default();
        let key = match name.as_str() {
            "as" => {
                self.described_as = Some(meta.value()?.parse::<LitStr>()?.parse()?);
                return Ok(());
            }
            "min" => "minimum",
            "max" => "maximum",
            "min_length" => "minLength",
            "max_length" => "maxLength",
            "max_items" => "maxItems",
            "format" => "format",
            "example" => "example",
            _ => {
                return Err(meta.error(
                    "known are as, min, max, min_length, max_length, max_items, format and example",
                ));
            }
        };
        let value = literal(meta, &meta.value()?.parse()?)?;
        self.members.insert(key.into(), value);
        Ok(())
    }
}

/// The JSON of a literal.
fn literal(meta: &ParseNestedMeta, expression: &Expr) -> Result<Value> {
    let (negative, literal) = match expression {
        Expr::Lit(ExprLit { lit, .. }) => (false, lit),
        Expr::Unary(ExprUnary {
            op: UnOp::Neg(_),
            expr,
            ..
        }) => match &**expr {
            Expr::Lit(ExprLit { lit, .. }) => (true, lit),
            _ => return Err(meta.error("a literal is expected")),
        },
        _ => return Err(meta.error("a literal is expected")),
    };
    Ok(match literal {
        Lit::Int(number) => {
            let value: i64 = number.base10_parse()?;
            (if negative { -value } else { value }).into()
        }
        Lit::Float(number) => {
            let value: f64 = number.base10_parse()?;
            Number::from_f64(if negative { -value } else { value })
                .map_or(Value::Null, Value::Number)
        }
        Lit::Str(text) => text.value().into(),
        Lit::Bool(value) => value.value.into(),
        _ => return Err(meta.error("a number, a text, true or false is expected")),
    })
}
