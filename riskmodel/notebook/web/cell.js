// The widget of a notebook's cell: shows the page in a frame, and passes messages between it and Python.

function render({ model, el }) {
  const frame = document.createElement("iframe");
  frame.title = "riskmodel explorer";
  frame.setAttribute("sandbox", "allow-scripts allow-modals");
  frame.setAttribute("allow", "clipboard-write");
  frame.style.cssText = `width: 100%; height: ${model.get("height")}px; border: 1px solid #888; resize: vertical; overflow: auto;`;
  frame.setAttribute("srcdoc", model.get("page"));

  let told = model.get("address"); // the last address that went either way
  const tell = (message, buffers = []) => frame.contentWindow?.postMessage({ riskmodel: message, buffers }, "*");
  const heard = ({ source, data }) => {
    const message = data?.riskmodel;
    if (source !== frame.contentWindow || !message) return;
    if (message.ready) {
      told = model.get("address");
      tell({ hello: true, address: told, moved: model.get("moved") });
    } else if (message.place !== undefined) {
      told = message.place;
      model.set("address", told);
      model.save_changes();
    } else {
      model.send(message);
    }
  };
  const answered = (message, buffers = []) => {
    const copies = buffers.map((view) => new Uint8Array(view.buffer, view.byteOffset, view.byteLength).slice().buffer);
    tell(message, copies);
  };
  const addressed = () => {
    const address = model.get("address");
    if (address === told) return;
    told = address;
    tell({ address });
  };
  addEventListener("message", heard);
  model.on("msg:custom", answered);
  model.on("change:address", addressed);
  el.append(frame);
  return () => {
    removeEventListener("message", heard);
    model.off("msg:custom", answered);
    model.off("change:address", addressed);
  };
}

export default { render };
