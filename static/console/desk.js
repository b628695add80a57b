// The desk's page, put together. Each module minds one thing and says what happened by an event on the document:
// `desk:cards` (cards came, changed or left) and `desk:second` (a second has passed).
import "./cards.js";
import "./codes.js";
import "./company.js";
import "./figures.js";
import "./hand.js";
import "./incident.js";
import "./accept.js";
import "./keys.js";
import "./line.js";
import "./duress.js";
import "./map/door.js";
import "./map/writing.js";
import "./notes.js";
import "./reason.js";
import "./shift.js";
import "./leader.js";
import "./leader_asked.js";
import "./signs.js";
import "./sound.js";
import "./told.js";
import "./units.js";
import "./waking.js";
