//! Components for this crate's own tests.

use wasm_encoder::{
    Component, ComponentExportKind, ComponentExportSection, ComponentImportSection,
    ComponentInstanceSection, ComponentTypeRef, ComponentTypeSection, InstanceType,
};

/// A component that imports and exports interfaces without functions.
pub fn component(imports: &[&str], exports: &[&str]) -> Vec<u8> {
    let mut component = Component::new();
    let mut instances = 0;
    if !imports.is_empty() {
        let mut types = ComponentTypeSection::new();
        types.instance(&InstanceType::new());
        component.section(&types);
        let mut section = ComponentImportSection::new();
        for name in imports {
            section.import(*name, ComponentTypeRef::Instance(0));
            instances += 1;
        }
        component.section(&section);
    }
    for name in exports {
        let mut made = ComponentInstanceSection::new();
        made.export_items(std::iter::empty::<(&str, ComponentExportKind, u32)>());
        component.section(&made);
        let mut section = ComponentExportSection::new();
        section.export(*name, ComponentExportKind::Instance, instances, None);
        component.section(&section);
        // An export is an instance of its own, so each takes two indexes.
        instances += 2;
    }
    component.finish()
}
