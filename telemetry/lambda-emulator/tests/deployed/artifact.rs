//! A function as `sam build` leaves it: an ELF file named `bootstrap`.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use elf::{ElfBytes, abi, endian::AnyEndian};
use lambda_emulator::RuntimeApi;

/// The processor that functions are built for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Architecture {
    Arm64,
    X86_64,
}

/// A built function.
#[derive(Debug)]
pub(crate) struct Artifact {
    pub(crate) name: &'static str,
    path: PathBuf,
    bytes: Vec<u8>,
}

impl Architecture {
    /// `ARCHITECTURE`, as the template's parameter has it; its default is the template's.
    pub(crate) fn expected() -> Self {
        match variable("ARCHITECTURE").as_deref() {
            None | Some("arm64") => Self::Arm64,
            Some("x86_64") => Self::X86_64,
            Some(other) => panic!("{other} is no architecture of Lambda"),
        }
    }

    /// What an ELF file for it states as its machine.
    pub(crate) fn machine(self) -> u16 {
        match self {
            Self::Arm64 => abi::EM_AARCH64,
            Self::X86_64 => abi::EM_X86_64,
        }
    }

    /// The program that emulates it on another machine, and where its dynamic linker and libraries are there.
    fn emulator(self) -> Option<[&'static str; 3]> {
        match self {
            Self::Arm64 if cfg!(target_arch = "aarch64") => None,
            Self::Arm64 => Some(["qemu-aarch64", "-L", "/usr/aarch64-linux-gnu"]),
            Self::X86_64 if cfg!(target_arch = "x86_64") => None,
            Self::X86_64 => Some(["qemu-x86_64", "-L", "/usr/x86_64-linux-gnu"]),
        }
    }
}

impl Artifact {
    /// The function with this logical id, built by `sam build`.
    pub(crate) fn of_sam(name: &'static str) -> Self {
        Self::read(name, &root().join(".aws-sam/build").join(name))
    }

    /// The lifecycle tests' function, built by `cargo lambda build` as the others are.
    pub(crate) fn test_function() -> Self {
        Self::read("test-function", &root().join("target/lambda/test-function"))
    }

    fn read(name: &'static str, folder: &Path) -> Self {
        let path = folder.join("bootstrap");
        let bytes = fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        Self { name, path, bytes }
    }

    pub(crate) fn size(&self) -> usize {
        self.bytes.len()
    }

    pub(crate) fn machine(&self) -> u16 {
        self.elf().ehdr.e_machine
    }

    /// The newest version of the C library that it needs: a loader with an older one refuses it.
    pub(crate) fn glibc(&self) -> (u32, u32) {
        let file = self.elf();
        let (symbols, _) = file.dynamic_symbol_table().unwrap().unwrap();
        let versions = file.symbol_version_table().unwrap().unwrap();
        let needed = (0..symbols.len()).filter_map(|index| versions.get_requirement(index).unwrap());
        needed.filter_map(|it| glibc_version(it.name)).max().unwrap()
    }

    /// Bytes of the tables that say what is dropped when a panic passes a function.
    pub(crate) fn landing_pads(&self) -> u64 {
        let section = self.elf().section_header_by_name(".gcc_except_table").unwrap();
        section.map_or(0, |it| it.sh_size)
    }

    /// A command that runs it as Lambda would, emulated where this machine has another processor.
    pub(crate) fn command(&self, runtime_api: &RuntimeApi) -> Command {
        let Some([program, arguments @ ..]) = Architecture::expected().emulator() else {
            return runtime_api.command(&self.path);
        };
        let mut command = runtime_api.command(&on_path(program));
        command.args(arguments).arg(&self.path);
        command
    }

    fn elf(&self) -> ElfBytes<'_, AnyEndian> {
        ElfBytes::minimal_parse(&self.bytes).unwrap()
    }
}

/// Major and minor number of `GLIBC_2.34`; those of other libraries have none.
fn glibc_version(name: &str) -> Option<(u32, u32)> {
    let mut numbers = name.strip_prefix("GLIBC_")?.split('.').map_while(|it| it.parse().ok());
    Some((numbers.next()?, numbers.next()?))
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The emulator inherits no `PATH`, so it is searched for here.
fn on_path(name: &str) -> PathBuf {
    let path = variable("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path).map(|folder| folder.join(name)).find(|it| it.is_file());
    found.unwrap_or_else(|| panic!("{name} is not installed"))
}

fn variable(name: &str) -> Option<String> {
    #[expect(clippy::disallowed_methods, reason = "the caller names what it has built")]
    std::env::var(name).ok()
}

#[test]
fn a_version_of_the_c_library_is_read_as_numbers() {
    assert_eq!(glibc_version("GLIBC_2.34"), Some((2, 34)));
    assert_eq!(glibc_version("GLIBC_2.2.5"), Some((2, 2)));
    assert_eq!(glibc_version("GCC_3.0"), None);
    assert!(glibc_version("GLIBC_2.4") < glibc_version("GLIBC_2.34"));
}
