//! The root store of a Windows person, reached from Linux that runs inside Windows.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::call::Call;
use super::machine::Machine;
use super::macos::sha1;
use super::store::{Anchor, Entry, Kind, TrustStore};
use crate::Result;

/// Prints each certificate in base64: certutil's own list is in the person's language and holds no certificates.
const LIST: &str =
    r"Get-ChildItem Cert:\CurrentUser\Root | ForEach-Object { [Convert]::ToBase64String($_.RawData) }";

struct Windows<'a> {
    machine: &'a Machine,
}

/// The store, where Windows' programs are to be had.
pub(super) fn find(machine: &Machine) -> Option<impl TrustStore + '_> {
    let is_inside = machine.person.variable("WSL_DISTRO_NAME").is_some();
    (is_inside && machine.find("certutil.exe").is_some()).then_some(Windows { machine })
}

impl TrustStore for Windows<'_> {
    fn kind(&self) -> Kind {
        Kind::System
    }

    fn place(&self) -> String {
        r"Windows: Cert:\CurrentUser\Root".to_owned()
    }

    fn entries(&self) -> Result<Vec<Entry>> {
        let call = Call::new("powershell.exe").args(["-NoProfile", "-NonInteractive", "-Command", LIST]);
        let listed = self.machine.run(&call)?.stdout;
        let ders = listed.lines().filter_map(|line| STANDARD.decode(line.trim()).ok());
        Ok(ders.filter(|der| !der.is_empty()).map(Entry::without_label).collect())
    }

    fn add(&self, anchor: &Anchor) -> Result {
        let path = self.machine.run(&Call::new("wslpath").arg("-w").arg(&anchor.path))?.stdout;
        // Windows shows a window with the fingerprint and asks.
        let call = Call::new("certutil.exe").args(["-user", "-addstore", "Root", path.trim()]);
        self.machine.run(&call).map(drop)
    }

    fn remove(&self, entries: &[Entry]) -> Result {
        let call =
            |entry: &Entry| Call::new("certutil.exe").args(["-user", "-delstore", "Root", &sha1(&entry.der)]);
        entries.iter().try_for_each(|entry| self.machine.run(&call(entry)).map(drop))
    }
}
