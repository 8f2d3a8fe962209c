"""Every text that the handler reads, in English. A translation is this file in another language, nothing else."""

APP = "Rex"
TITLE = "Rex, the dog's collar"
DESCRIPTION = "Whether the dog is well, why, and since when. Works without a network."
STARTING = "Rex is starting…"
FAILED = "Rex could not start in this browser. Use Chrome or Edge, version 100 or later."
NO_SCRIPT = "Rex needs JavaScript."

NAV = (
    ("now", "Now"),
    ("timeline", "Timeline"),
    ("touch", "Touch"),
    ("hand", "Hand over"),
    ("settings", "Settings"),
)
NAV_LABEL = "Views"

TROUBLES = {
    "insecure": "This address is not secure, so the browser gives no Bluetooth. Open the page by https.",
    "unsupported": "This browser has no Web Bluetooth. On Android use Chrome, Edge or Samsung Internet; on a computer Chrome or Edge; on an iPhone a browser with Web Bluetooth such as Bluefy.",
    "off": "Bluetooth is off, or this device has none. Switch it on and try again.",
    "refused_by_browser": "The browser was not allowed to use Bluetooth. Allow it in the phone's settings: apps, the browser, permissions, nearby devices.",
    "cancelled": "Nothing was chosen.",
    "none_chosen": "No collar was found. Press the button on the collar to open its radio, hold the phone near it and try again.",
    "lost": "The collar is out of range. What came is safe; go nearer, and it goes on from there.",
    "silent": "The collar does not answer. Go nearer, or press its button.",
    "not_a_collar": "This device is not a collar, or one that this page does not understand.",
    "other_version": "This collar speaks a later protocol than this page. Open the page once with a network to renew it.",
    "wrong_key": "This key does not open this collar. Scan the label on this collar.",
    "impostor": "This is not the collar of this label: it does not know its key.",
    "expired": "This guest's key has ended. Ask the owner for a new one.",
    "no_clock": "The collar does not know the time, so it cannot tell whether a guest's key has ended. The owner has to connect once.",
    "slow_down": "Somebody keeps trying wrong keys on this collar. Try again in a minute.",
    "locked": "The collar wants its key proved first.",
    "read_only": "A guest's key reads and changes nothing.",
    "busy": "Another phone is syncing with this collar. Try again in a minute.",
    "unknown_request": "This collar cannot do that.",
    "malformed": "The collar did not take that.",
    "refused": "The collar refused.",
    "stale": "Something newer stands by now. Sync, and look again.",
    "too_soon": "The collar does not know the last 10 s yet. Wait a little and touch again.",
    "unfit": "This firmware is for another board, not newer than what the collar had, or too large.",
    "update_damaged": "What arrived is damaged, or no firmware. Go nearer and send it again; if that fails too, get the file once more.",
    "not_now": "Not now: the collar's battery is low, or its firmware is on trial.",
    "no_update": "This is no firmware file for a collar.",
    "update_key": "This firmware is not signed with this collar's key. Sign it with the label of this collar.",
    "update_broken": "This firmware file is damaged. Get it once more.",
    "update_board": "This firmware is for another kind of collar.",
    "update_older": "This firmware is not newer than what the collar runs.",
    "update_lost": "The collar went out of range. What arrived stays there: go nearer, connect, and send it on.",
    "update_stopped": "Stopped. What arrived stays in the collar.",
    "dog_weight": "A weight is a number of kg from 1 to 120.",
    "dog_born": "A birthday is a day of the past, and no dog is older than 30 years.",
    "damaged": "The radio link damages what it carries. Go nearer and sync again.",
    "journal_fault": "The collar cannot read all of its journal. What it could read is here.",
    "att": "The collar refused that.",
    "phone_full": "This phone has no room left. Make room and sync again; nothing is lost.",
    "database": "The browser's store failed. Sync again; nothing is lost.",
    "crypto": "The browser lost the collar's key. Pair again with the label.",
    "label_prefix": "That is no label: a label begins with REX1:",
    "label_letters": "The label has a letter that labels do not have, or one is missing.",
    "label_check": "The label was not read or typed right: its check does not fit.",
    "label_kind": "This label is of a kind that this page does not know.",
    "no_camera": "This phone gives the page no camera. Type the label instead.",
    "camera_refused": "The camera was refused. Allow it for this page, or type the label.",
    "phone": "The phone could not do that.",
    "nothing_here": "There is nothing to hand over yet. Sync first.",
    "page": "Something in this page failed. What was synced is safe.",
}  # fmt: skip

# Pairing
PAIR = "Pair with a collar"
PAIR_TEXT = (
    "The label with the QR code is in the collar's box and inside the strap. Its key stays in this phone."
)
SCAN = "Scan the label"
STOP_SCAN = "Stop the camera"
CAMERA = "Camera picture"
TYPE = "Or type what is written on it"
TYPE_HINT = "Begins with REX1: — spaces and dashes do not matter."
USE_KEY = "Use this key"
CONNECT = "Connect"
DISCONNECT = "Disconnect"
TRYING = "{} Trying again…"

PHASES = {
    "unpaired": "not paired",
    "idle": "not connected",
    "choosing": "choose your collar",
    "connecting": "connecting…",
    "proving": "proving the key…",
    "syncing": "syncing…",
    "ready": "connected",
}

# Now
STATES = {"green": "Well", "amber": "Look", "red": "Vet", "unknown": "Not known"}
STATE_MEANS = {
    "green": "Nothing stands out against this dog's own usual.",
    "amber": "Something has changed.",
    "red": "See a vet.",
    "unknown": "The collar has not judged yet. It needs 7 days of baseline.",
}
SINCE = "Since {}"
SEEN_AT = ", seen {}"
AFTER_BLOW = "After a {} on {}."
AGO_WORDS = "{} ago"
NO_RECORDS = "Nothing was synced yet. Connect to the collar."
REASONS = "Why"
MARKED = "What was felt"
MISSING = "Not known"
HEART = "Heart"
BREATH = "Breath"
PER_MINUTE = "a minute"
NO_READING = "no reading"
LIVE = "live"
QUALITY = "quality {} of 100"
PANTING = "panting"
WHY_NOT = {
    "moving": "the dog is moving",
    "poor_signal": "poor contact",
    "not_worn": "the collar is not on the dog",
    "no_reading": "none found",
    "waiting": "waiting for the collar",
    "offline": "not connected",
    "stale": "the last one is too old",
}
BATTERY = "Battery"
WORN = "Collar"
ON_DOG = "on the dog"
OFF_DOG = "not on the dog"
DUTY = "Duty"
DUTY_ON = "on duty"
DUTY_OFF = "off duty"
GO_ON_DUTY = "Go on duty"
GO_OFF_DUTY = "Come off duty"
LAST_SYNC = "Last sync"
NEVER = "never"
NOT_KNOWN = "not known"
CHARGING = "charging"
COLLAR_FAULT = "A part of the collar has a fault."
CLOCK_NOT_SET = "The collar's clock is not set."
SYNCING = "{} of {} records"
SYNCED_PART = "Synced: {} percent."
SYNC_DONE = "Synced: {} new records."
AGO = ("{} s", "{} min", "{} h", "{} days")
UNIT_PERCENT = "%"

ALERT_TITLE = {"green": "The dog is well again", "amber": "Look at the dog", "red": "See a vet"}
ACKNOWLEDGE = "I have seen it"
ACKNOWLEDGED = "seen"

# Timeline
PERIODS = (("day", "Day"), ("week", "Week"), ("month", "Month"))
PERIOD = "Period"
EARLIER = "Earlier"
LATER = "Later"
NOTHING_HERE = "No records from this time."
NO_WALL = "The collar's clock was never set, so nothing has a place in time yet. Connect once to set it."
CHARTS = (
    ("rest", "Rest, minutes an hour"),
    ("gait", "Walk, trot and gallop, minutes an hour"),
    ("breath", "Breath at rest, breaths a minute"),
    ("heart", "Heart at rest, beats a minute"),
)
SUMMARY = "Mean {mean}, from {low} to {high}{count}. {known}"
READINGS_COUNT = (", {} reading", ", {} readings")
KNOWN_HOURS = "Known for {:.1f} of {:.1f} h."
KNOWN_DAYS = "Known for {:.1f} of {:.1f} days."
NO_SUMMARY = "No reading in this time."
BAND = "Band: {low} to {high} is usual for this dog (eight of ten hours, {days})."
HABIT = "Line and band: what is usual for this dog at that time of day (the middle and eight of ten days, {days})."
NO_HABIT = "No band: fewer than 7 days before."
FROM_TO = "{} to {}"
NO_BAND = "No band: fewer than 7 days of readings before."
SHADED = "Shaded: the collar saw less than all of it; hatched: nothing. Dashed lines are blows (✱) and alerts (▲ look, ■ vet): tap one."
WALK_TROT_GALLOP = ("walk", "trot", "gallop")
MARKS = "Blows and alerts"
NO_MARKS = "No blow and no alert in this time."
MARKS_ALL = "Show all {}"
BLOW = "blow of {}\u00a0g"
BLOW_CLIPPED = "blow of {}\u00a0g or more"
BLOW_UNKNOWN = "blow of unknown size"
CLOSE = "Close"
EVIDENCE = "Evidence"
EVIDENCE_BLOW = "{what}, {ms} ms, axis {axis} of the collar."
EVIDENCE_RAW = "What the accelerometer felt, in g, over seconds around the blow."
NO_RAW = "No raw samples of it are in this phone."
WATCH = "Watch, day {day} of 28: {verdict}."
ONSET_ALL = "All signs together"
ONSET = "{sign}: began {at}"
PLUS_MINUS = ", plus or minus {}."
HOURS = "{} h"
DAYS = "{} days"
VERDICTS = {
    "quiet": "quiet", "changed": "changed", "worse": "worse", "better": "better", "unknown": "cannot tell",
    "ended_quiet": "ended, nothing changed", "ended_changed": "ended, the dog had changed",
}  # fmt: skip
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

# Touch test
TOUCH_INTRO = "Tap the places to try. The dog should stand. Each place is touched three times; between, at random, the hand only comes near: what the dog does untouched is the measure."
TOUCH_LONG = "{steps} steps, about {minutes} minutes. It can be stopped and go on later."
TOUCH_DOG = "Outline of a dog, seen from above, head up"
TOUCH_START = "Start the test"
TOUCH_RESUME = "Go on with the test"
TOUCH_STOP = "Stop for now"
TOUCH_DROP = "End the test"
TOUCH_STEP = "Step {} of {}"
TOUCH_NOW = "Touch: {}"
LOOK_NOW = "Do not touch. Hand near: {}"
TOUCH_DONE_BUTTON = "Touching now"
LOOK_DONE_BUTTON = "Hand near now"
TOUCH_WAIT = "Wait {} s"
TOUCH_NEEDS = "Connect to the collar first."
TOUCH_CANNOT = "This collar does not know the touch test."
TOUCH_ALL_DONE = "All done. The collar writes its own result at the next full hour or the one after; a later sync brings it."
TOUCH_SO_FAR = "So far"
TOUCH_RESULT = "Result"
TOUCH_ROW = "{spot}: {flinches} of {marks} touches flinched; {odds}."
TOUCH_SHORT = "{flinches} of {marks} flinched"
TOUCH_CONTROL = "Without touching: {flinches} of {marks} flinched."
TOUCH_UNJUDGED = "{} not judged."
ODDS = "chance would show that in 1 test of {}"
ODDS_NONE = "no more than chance shows"
ODDS_FEW = "too few marks without touching to say more"
TOUCH_IN = "{}: in the test"
TOUCH_OUT = "{}: not in the test"
LEFT, RIGHT = "left", "right"
TOUCH_LAST = "Last result, {}"
TOUCH_NO_RESULT = "No result yet."
TOUCH_CHOSEN = "In the test: {}."
TOUCH_CHOOSE = "Choose at least one place."
SPOTS = {
    "head": "head", "neck": "neck", "left_shoulder": "left shoulder", "right_shoulder": "right shoulder",
    "left_ribs": "left ribs", "right_ribs": "right ribs", "left_flank": "left flank", "right_flank": "right flank",
    "left_hip": "left hip", "right_hip": "right hip", "left_foreleg": "left foreleg", "right_foreleg": "right foreleg",
    "left_hindleg": "left hindleg", "right_hindleg": "right hindleg", "back": "back", "belly": "belly", "tail": "tail",
    "control": "nothing touched",
}  # fmt: skip

# Hand over
HAND_TEXT = "Everything stays in this phone until you hand it over."
VET_FILE = "The vet's file"
VET_FILE_TEXT = (
    "One page, complete without a network: what changed, since when, after what, and what is missing."
)
CSV_FILE = "All records as a table (CSV)"
JSONL_FILE = "All records as JSON lines"
MAKING = "Making the file…"
GIVEN = {"shared": "Handed over.", "downloaded": "Saved to the downloads."}
GUEST = "A key for the vet"
GUEST_GOOD = "Good for"
GUEST_MAKE = "Make a key"
GUEST_TEXT = "Reads the collar until the day you choose, and changes nothing. Let the vet scan it."
GUEST_FOR = (("1", "1 day"), ("7", "7 days"), ("28", "28 days"))
GUEST_UNTIL = "Good until {}."
GUEST_ONLY_OWNER = "A guest's key cannot be passed on."
GUEST_LABEL = "QR code of the vet's key"

# Settings
DOG = "Dog"
DOG_NAME = "Name"
DOG_WEIGHT = "Weight, kg"
DOG_BORN = "Born"
QUIET = "Quiet hours"
QUIET_TEXT = "No notice of amber between these hours, by the dog's clock. Red always sounds."
QUIET_NONE = "none"
HOUR = "{:02d}:00"
QUIET_FROM = "From"
QUIET_TO = "To"
COLLAR = "Collar"
FIND = "Show its light"
FIND_TOLD = "The collar's light is on for 10 s."
SET_TIME = "Set its clock"
TIME_SET = "Set. It was {} s off."
TIME_FIRST = "Set for the first time."
READINGS = "Heart and breath are read"
READINGS_EVERY = (
    ("0", "all the time"),
    ("120", "every 2 minutes"),
    ("300", "every 5 minutes"),
    ("600", "every 10 minutes"),
    ("900", "every 15 minutes"),
)
READINGS_OTHER = "every {} s"
RADIO = "Radio always on (empties the battery sooner)"
NOTIFY = "Allow notifications"
NOTIFY_TOLD = {"granted": "Allowed.", "denied": "The browser refused.", "default": "Not decided."}
FIRMWARE = "Firmware"
FIRMWARE_TEXT = "Firmware {}."
UPDATE = "Send new firmware"
UPDATE_FILE = "Firmware file"
UPDATE_TEXT = "The collar tries new firmware for 20 minutes and goes back to what it had if that fails. Stay near until it is sent; what arrived stays in the collar."
UPDATE_SENT = "Sent. The collar starts it now and comes back within a minute."
UPDATE_INSTALLED = "Firmware {} is in the collar. Connect to see whether it runs."
UPDATE_NEWS = {
    "installed": "Firmware {} runs on trial since {}. After 20 minutes it is kept, if all is well.",
    "confirmed": "Firmware {} has proved itself and is kept since {}.",
    "rolled_back": "Firmware {} failed. The collar went back to what it had on {}.",
}
UPDATE_WAITING = "Waiting for the collar; it goes on by itself."
UPDATE_CHOSEN = "{}: version {}."
UPDATE_GO_ON = "Send it on"
UPDATE_STOP = "Stop"
UPDATE_STOPPED = "Stopped. What arrived stays in the collar; send it on when you like."
UPDATING = "{} of {} kB"
IDENTITY = "{}, model {}."
FORGET = "Forget this collar"
FORGET_TEXT = "Deletes the key and all records from this phone. The collar keeps its own."
FORGET_SURE = "Yes, delete everything"
FORGET_NOT = "Keep it"
GUEST_HERE = "This phone has a guest's key, good until {}."
ASKING = "Asking the collar…"
NEEDS_CONNECTION = "Connect to change this."

# The vet's file
REPORT_TITLE = "{}: what the collar found"
REPORT_MADE = "Made on {} from {} records, {} to {}. Collar {}."
REPORT_LEVEL = "Level"
REPORT_ALERTS = "Alerts"
REPORT_BLOWS = "Blows"
REPORT_ONSETS = "When signs began"
REPORT_PATTERNS = "Pattern"
REPORT_TOUCH = "Touch tests"
REPORT_DAYS = "Day by day"
REPORT_FOR, REPORT_AGAINST, REPORT_MISSING = "for", "against", "missing"
REPORT_COLUMNS = (
    "day",
    "worn h",
    "rest h",
    "walk min",
    "trot min",
    "gallop min",
    "breath",
    "heart",
    "pain index",
    "coverage %",
)
REPORT_SIGNS = "Dashed: ✱ a blow, ▲ an alert to look at the dog, ■ an alert to see a vet."
REPORT_NONE = "none"
REPORT_NOT_SET = "no clock"
REPORT_NOTE = "This is no diagnosis. The dog is compared with itself; the leg is never named. An empty cell is no reading, not zero. Simulated or real is for the reader to know: this page tells what the collar wrote."
REPORT_WEIGHT = "Weight {}\u00a0kg."
REPORT_BORN = "Born {}."

SIGNS = {
    "limp": "uneven trot", "short_stride": "shorter strides", "less_trot": "less trotting",
    "less_gallop": "less galloping", "less_activity": "less activity", "slow_lying": "slow to lie down",
    "slow_rising": "slow to rise", "restless_night": "restless nights", "less_rest": "less rest at night",
    "more_rest": "more rest at night", "left_side_avoided": "does not lie on the left",
    "right_side_avoided": "does not lie on the right", "low_head": "carries the head low",
    "stretching": "stretches head-down", "fast_breath": "quick breath at rest", "short_breath": "shallow breath",
    "caught_breath": "caught breaths", "irregular_breath": "irregular breath", "panting_at_rest": "pants at rest",
    "flinch": "flinches when touched", "tremor": "trembles at rest", "no_shaking": "shakes itself less",
    "more_scratching": "scratches more", "fast_pulse": "fast pulse at rest", "slow_pulse": "slow pulse",
    "irregular_pulse": "irregular pulse", "no_pulse": "no pulse found", "impact": "a blow", "heat": "overheating",
    "no_impact": "no blow was felt", "no_limp": "trots evenly", "breath_normal": "breath as usual",
    "pulse_normal": "pulse as usual", "rest_normal": "rest as usual", "no_touch_test": "no touch test lately",
    "no_heart": "too few heart readings", "no_breath": "too few breath readings", "no_baseline": "no baseline yet",
    "not_worn": "worn for less than half of the day", "no_clock": "the clock was never set",
    "battery_low": "battery low", "part_fault": "a part has failed",
}  # fmt: skip
PATTERNS = {
    "thoracic": "The signs fit the chest: ask for an X-ray of the chest.",
    "limb": "The signs fit a limb: have limbs, paws and claws looked at.",
    "systemic": "The signs fit an illness of the whole body.",
    "heat": "The signs fit overheating: cool the dog.",
    "none": "The signs fit no pattern that the collar knows.",
}


def sign(word: str) -> str:
    """A sign in words; one that this page does not know by its own name."""
    return SIGNS.get(word) or word.replace("_", " ")


def ago(seconds: float) -> str:
    """How long ago, in the unit that fits."""
    seconds = max(0, int(seconds))
    if seconds < 100:
        return AGO[0].format(seconds)
    if seconds < 6000:
        return AGO[1].format(seconds // 60)
    if seconds < 172800:
        return AGO[2].format(seconds // 3600)
    return AGO[3].format(seconds // 86400)
