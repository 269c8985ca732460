//! The repository's files, resolved with the parameters that the alarms are tested with.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use cloudwatch_model::alarm::{Alarm, AlarmSet, State};
use cloudwatch_model::template::{Inputs, Resource, Template};
use serde_json::Value;

pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

pub(crate) fn text(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap()
}

/// The files of a folder with this extension, from the repository's root.
pub(crate) fn files(folder: &str, extension: &str) -> Vec<String> {
    let entries = fs::read_dir(root().join(folder)).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<String> = entries
        .filter(|path| path.extension().is_some_and(|found| found == extension))
        .map(|path| format!("{folder}/{}", path.file_name().unwrap().to_str().unwrap()))
        .collect();
    files.sort();
    files
}

fn resources(folder: &str) -> Vec<Resource> {
    let parameters: BTreeMap<String, String> =
        serde_json::from_str(&text("alarms/tests/bench/parameters.json")).unwrap();
    let resolve = |file: &String| {
        let template = Template::parse(file, &text(file)).unwrap();
        // A parameter that only dashboards have stands for itself, where it need not be a number.
        let value = |name: &str| match name {
            "MaxUploadBytes" | "MaxPixels" => "50000000".to_owned(),
            _ => parameters.get(name).cloned().unwrap_or_else(|| name.to_owned()),
        };
        let given = template.parameters().map(|name| (name.to_owned(), value(name)));
        let inputs = Inputs {
            parameters: given.collect(),
            region: "ap-northeast-1".to_owned(),
            account_id: "123456789012".to_owned(),
        };
        template.resolve(&inputs).unwrap()
    };
    files(folder, "json").iter().flat_map(resolve).collect()
}

pub(crate) fn alarms() -> Vec<Alarm> {
    AlarmSet::read(&resources("alarms")).unwrap().iter().cloned().collect()
}

/// Alarms with actions: those that notify somebody.
pub(crate) fn ringing() -> Vec<Alarm> {
    alarms().into_iter().filter(|alarm| !alarm.actions.on(State::Alarm).is_empty()).collect()
}

/// The name and the body of each dashboard.
pub(crate) fn dashboards() -> Vec<(String, Value)> {
    let dashboards = resources("dashboards");
    let body = |resource: &Resource| {
        let property = |name: &str| resource.properties[name].as_str().unwrap();
        (property("DashboardName").to_owned(), serde_json::from_str(property("DashboardBody")).unwrap())
    };
    dashboards.iter().map(body).collect()
}

/// The widgets of all dashboards: type and properties.
pub(crate) fn widgets() -> Vec<(String, Value)> {
    let bodies = dashboards().into_iter().map(|(_, body)| body);
    let widgets = bodies.flat_map(|body| body["widgets"].as_array().unwrap().clone());
    widgets
        .map(|widget| (widget["type"].as_str().unwrap().to_owned(), widget["properties"].clone()))
        .collect()
}
