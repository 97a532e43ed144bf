// Draws the map with WebGL: a dot for each image, and thumbnails from the atlas.

const DOTS = [`
attribute vec2 place;
attribute vec4 colour;
uniform vec2 centre, unit;
uniform float size;
varying vec4 shade;
void main() {
  gl_Position = vec4((place - centre) * unit, 0.0, 1.0);
  gl_PointSize = size;
  shade = colour;
}`, `
precision highp float;
uniform float size;
varying vec4 shade;
void main() {
  float inside = clamp((0.5 - length(gl_PointCoord - 0.5)) * size, 0.0, 1.0);
  gl_FragColor = vec4(shade.rgb, 1.0) * shade.a * inside;
}`];

const THUMBNAILS = [`
attribute vec2 place, corner;
attribute vec4 colour;
uniform vec2 centre, unit;
uniform float size;
varying vec4 shade;
varying vec2 origin;
void main() {
  gl_Position = vec4((place - centre) * unit, 0.0, 1.0);
  gl_PointSize = size;
  shade = colour;
  origin = corner;
}`, `
precision highp float;
uniform sampler2D atlas;
uniform vec2 cell, texels;
uniform float size, frame;
varying vec4 shade;
varying vec2 origin;
void main() {
  vec2 shown = cell / max(cell.x, cell.y);
  vec2 from = (gl_PointCoord - 0.5) / shown + 0.5;
  if (from.x < 0.0 || from.y < 0.0 || from.x > 1.0 || from.y > 1.0) discard;
  vec2 edge = min(from, 1.0 - from) * shown * size;
  vec2 texel = origin + clamp(from * cell, vec2(0.5), cell - 0.5);
  vec3 pixel = texture2D(atlas, texel / texels).rgb;
  gl_FragColor = vec4(min(edge.x, edge.y) < frame ? shade.rgb : pixel, 1.0) * shade.a;
}`];

function program(gl, [vertex, fragment]) {
  const made = gl.createProgram();
  for (const [kind, source] of [[gl.VERTEX_SHADER, vertex], [gl.FRAGMENT_SHADER, fragment]]) {
    const shader = gl.createShader(kind);
    gl.shaderSource(shader, source);
    gl.compileShader(shader);
    gl.attachShader(made, shader);
  }
  gl.linkProgram(made);
  if (!gl.getProgramParameter(made, gl.LINK_STATUS)) throw new Error(gl.getProgramInfoLog(made));
  const at = (name) => gl.getUniformLocation(made, name);
  return { made, at, attribute: (name) => gl.getAttribLocation(made, name) };
}

/** What draws on a canvas through WebGL; throws where there is none. */
export class GlCanvas {
  constructor(canvas, sprites, header) {
    const gl = canvas.getContext("webgl", { antialias: false, premultipliedAlpha: true });
    if (!gl) throw new Error("This browser draws without WebGL.");
    Object.assign(this, { canvas, gl, sprites });
    [this.cellHeight, this.cellWidth] = header.atlas.cell;
    this.dots = program(gl, DOTS);
    this.thumbnails = program(gl, THUMBNAILS);
    this.buffers = { places: gl.createBuffer(), colours: gl.createBuffer(), shown: gl.createBuffer() };
    gl.enable(gl.BLEND);
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
    gl.bindTexture(gl.TEXTURE_2D, gl.createTexture());
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGB, gl.RGB, gl.UNSIGNED_BYTE, sprites);
    for (const [name, value] of [
      [gl.TEXTURE_MIN_FILTER, gl.LINEAR], [gl.TEXTURE_MAG_FILTER, gl.NEAREST],
      [gl.TEXTURE_WRAP_S, gl.CLAMP_TO_EDGE], [gl.TEXTURE_WRAP_T, gl.CLAMP_TO_EDGE],
    ]) gl.texParameteri(gl.TEXTURE_2D, name, value);
  }

  /** All images: places of two floats each, RGBA of four bytes each, in drawing order. */
  setDots(places, colours) {
    const { gl, buffers } = this;
    this.count = places.length / 2;
    gl.bindBuffer(gl.ARRAY_BUFFER, buffers.places);
    gl.bufferData(gl.ARRAY_BUFFER, places, gl.STATIC_DRAW);
    gl.bindBuffer(gl.ARRAY_BUFFER, buffers.colours);
    gl.bufferData(gl.ARRAY_BUFFER, colours, gl.STATIC_DRAW);
  }

  /** Draw the dots, and thumbnails of {places, corners, colours, count}. */
  draw({ x, y, scale }, ratio, dotSize, shown, size) {
    const { gl, canvas, buffers } = this;
    gl.viewport(0, 0, canvas.width, canvas.height);
    gl.clearColor(0, 0, 0, 0);
    gl.clear(gl.COLOR_BUFFER_BIT);
    const unit = [(2 * scale * ratio) / canvas.width, (2 * scale * ratio) / canvas.height];
    this.begin(this.dots, x, y, unit, dotSize * ratio);
    this.point("place", buffers.places, 2, gl.FLOAT, 0, 0);
    this.point("colour", buffers.colours, 4, gl.UNSIGNED_BYTE, 0, 0);
    gl.drawArrays(gl.POINTS, 0, this.count);
    if (!shown.count) return;
    this.begin(this.thumbnails, x, y, unit, size * ratio);
    const { at } = this.thumbnails;
    gl.uniform2f(at("cell"), this.cellWidth, this.cellHeight);
    gl.uniform2f(at("texels"), this.sprites.width, this.sprites.height);
    gl.uniform1f(at("frame"), 1.5 * ratio);
    gl.bindBuffer(gl.ARRAY_BUFFER, buffers.shown);
    gl.bufferData(gl.ARRAY_BUFFER, shown.values, gl.DYNAMIC_DRAW);
    this.point("place", buffers.shown, 2, gl.FLOAT, 20, 0);
    this.point("corner", buffers.shown, 2, gl.FLOAT, 20, 8);
    this.point("colour", buffers.shown, 4, gl.UNSIGNED_BYTE, 20, 16);
    gl.drawArrays(gl.POINTS, 0, shown.count);
  }

  begin({ made, at }, x, y, unit, size) {
    const { gl } = this;
    this.current = made;
    gl.useProgram(made);
    gl.uniform2f(at("centre"), x, y);
    gl.uniform2f(at("unit"), ...unit);
    gl.uniform1f(at("size"), size);
  }

  point(name, buffer, size, type, stride, offset) {
    const { gl } = this;
    const at = gl.getAttribLocation(this.current, name);
    gl.bindBuffer(gl.ARRAY_BUFFER, buffer);
    gl.enableVertexAttribArray(at);
    gl.vertexAttribPointer(at, size, type, type === gl.UNSIGNED_BYTE, stride, offset);
  }
}
