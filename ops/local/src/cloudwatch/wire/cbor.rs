//! CBOR as Smithy's RPC v2 uses it: an instant is a number of seconds under tag 1.

use minicbor::data::{IanaTag, Type};
use minicbor::{Decoder, Encoder};
use serde_json::{Map, Value};

use super::output::seconds;
use super::{ApiError, MAX_DEPTH, Output};

type Failure = minicbor::decode::Error;

/// The members of a request; an empty body has none.
pub(super) fn read(body: &[u8]) -> Result<Value, ApiError> {
    if body.is_empty() {
        return Ok(Value::Object(Map::new()));
    }
    value(&mut Decoder::new(body), MAX_DEPTH).map_err(|error| ApiError::Body(error.to_string()))
}

fn value(input: &mut Decoder<'_>, depth: usize) -> Result<Value, Failure> {
    let Some(depth) = depth.checked_sub(1) else { return Err(Failure::message("nested too deeply")) };
    Ok(match input.datatype()? {
        Type::Bool => input.bool()?.into(),
        Type::Null | Type::Undefined => {
            input.skip()?;
            Value::Null
        }
        Type::U8 | Type::U16 | Type::U32 | Type::U64 => input.u64()?.into(),
        Type::I8 | Type::I16 | Type::I32 | Type::I64 => input.i64()?.into(),
        Type::F16 => f64::from(input.f16()?).into(),
        Type::F32 => f64::from(input.f32()?).into(),
        Type::F64 => input.f64()?.into(),
        Type::String => input.str()?.into(),
        Type::StringIndef => input.str_iter()?.collect::<Result<String, _>>()?.into(),
        // Whatever the tag, the value is what counts: instants are numbers.
        Type::Tag => {
            input.tag()?;
            value(input, depth)?
        }
        Type::Array | Type::ArrayIndef => Value::Array(items(input, depth)?),
        Type::Map | Type::MapIndef => Value::Object(entries(input, depth)?),
        other => return Err(Failure::type_mismatch(other)),
    })
}

fn items(input: &mut Decoder<'_>, depth: usize) -> Result<Vec<Value>, Failure> {
    let (mut items, count) = (Vec::new(), input.array()?);
    while !is_over(input, count, items.len())? {
        items.push(value(input, depth)?);
    }
    Ok(items)
}

fn entries(input: &mut Decoder<'_>, depth: usize) -> Result<Map<String, Value>, Failure> {
    let (mut entries, count) = (Map::new(), input.map()?);
    let mut read = 0;
    while !is_over(input, count, read)? {
        let name = input.str()?.to_owned();
        let found = value(input, depth)?;
        // A member that is null is one that is absent.
        if !found.is_null() {
            entries.insert(name, found);
        }
        read += 1;
    }
    Ok(entries)
}

/// Whether a list or map ends here: by its length, or by a break where it states none.
fn is_over(input: &mut Decoder<'_>, count: Option<u64>, read: usize) -> Result<bool, Failure> {
    if let Some(count) = count {
        return Ok(read as u64 >= count);
    }
    let is_break = input.datatype()? == Type::Break;
    if is_break {
        input.skip()?;
    }
    Ok(is_break)
}

/// Writes an answer.
pub(super) fn write(output: &Output) -> Vec<u8> {
    let mut encoder = Encoder::new(Vec::new());
    // Nothing that is written into memory fails.
    put(&mut encoder, output).ok();
    encoder.into_writer()
}

type Refused = minicbor::encode::Error<std::convert::Infallible>;

fn put(encoder: &mut Encoder<Vec<u8>>, output: &Output) -> Result<(), Refused> {
    match output {
        Output::Text(text) => drop(encoder.str(text)?),
        Output::Number(number) => drop(encoder.f64(*number)?),
        Output::Whole(number) => drop(encoder.u64(*number)?),
        Output::Truth(truth) => drop(encoder.bool(*truth)?),
        Output::Time(at) => drop(encoder.tag(IanaTag::Timestamp)?.f64(seconds(*at))?),
        Output::List(items) => {
            encoder.array(items.len() as u64)?;
            items.iter().try_for_each(|item| put(encoder, item))?;
        }
        Output::Structure(members) => {
            encoder.map(members.len() as u64)?;
            members.iter().try_for_each(|(name, value)| put(encoder.str(name)?, value))?;
        }
        Output::Map(entries) => {
            encoder.map(entries.len() as u64)?;
            entries.iter().try_for_each(|(name, value)| put(encoder.str(name)?, value))?;
        }
    }
    Ok(())
}
