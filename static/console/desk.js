// The desk's page, put together. Each module minds one thing and says what happened by an event on the document:
// `desk:cards` (cards came, changed or left) and `desk:second` (a second has passed).
import "./cards.js";
import "./figures.js";
import "./hand.js";
import "./accept.js";
import "./keys.js";
import "./line.js";
import "./duress.js";
import "./sound.js";
