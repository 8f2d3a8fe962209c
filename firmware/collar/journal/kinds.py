"""The tables of the record format: kinds, fields, vocabularies. Pure data, listed for readers in FORMAT.md."""

from micropython import const

FORMAT_VERSION = const(1)

BOOT = const(1)
CLOCK = const(2)
GAP = const(3)
FAULT = const(4)
WORN = const(5)
MINUTE = const(6)
BOUT = const(7)
PULSE = const(8)
BREATH = const(9)
IMPACT = const(10)
SHAKE = const(11)
TREMOR = const(12)
LIE = const(13)
RISE = const(14)
NIGHT = const(15)
TOUCH = const(16)
DAY = const(17)
ONSET = const(18)
WATCH = const(19)
PATTERN = const(20)
ALERT = const(21)
DROP = const(22)
SEAL = const(23)
RAW = const(24)
SETTINGS = const(25)
SCRATCH = const(26)
FLINCH = const(27)
ACCESS = const(28)
MODE = const(29)
UPDATE = const(30)

# fmt: off
# Vocabularies: a stored number is the word's place. Append only.
RESETS = const(("power_on", "reset", "watchdog", "deep_sleep", "brown_out", "soft", "panic", "update", "unknown"))
CLOCK_EVENTS = const(("set", "jump", "drift"))
STREAMS = const(("motion", "pulse", "battery"))
GAP_REASONS = const(("overrun", "bus", "stall", "off", "restart"))
PARTS = const((
    "accelerometer", "optical", "gauge", "bus", "flash", "journal", "settings", "keys", "clock", "radio", "task",
    "memory", "battery", "board", "button", "led",
))
FAULTS = const((
    "missing", "wrong_identity", "self_test", "bus_error", "overrun", "frozen", "saturated", "dark", "worn_out",
    "unreadable", "newer_format", "exception", "hang", "low", "full", "denied", "recovered",
))
GAITS = const(("walk", "trot", "gallop"))
STATUSES = const(("ok", "moving", "poor_signal", "not_worn", "no_reading"))
AXES = const(("x", "-x", "y", "-y", "z", "-z"))
SIDES = const(("left", "right", "chest", "unknown"))
SPOTS = const((
    "head", "neck", "left_shoulder", "right_shoulder", "left_ribs", "right_ribs", "left_flank", "right_flank",
    "left_hip", "right_hip", "left_foreleg", "right_foreleg", "left_hindleg", "right_hindleg",
    "back", "belly", "tail", "control",
))
DOMAINS = const(("mobility", "rest", "breath", "touch", "tremor", "vitals"))
SIGNS = const((
    "limp", "short_stride", "less_trot", "less_gallop", "less_activity", "slow_lying", "slow_rising",
    "restless_night", "less_rest", "more_rest", "left_side_avoided", "right_side_avoided", "low_head",
    "stretching", "fast_breath", "short_breath", "caught_breath", "irregular_breath", "panting_at_rest",
    "flinch", "tremor", "no_shaking", "more_scratching", "fast_pulse", "slow_pulse", "irregular_pulse",
    "no_pulse", "impact", "heat", "no_impact", "no_limp", "breath_normal", "pulse_normal", "rest_normal",
    "no_touch_test", "no_heart", "no_breath", "no_baseline", "not_worn", "no_clock", "battery_low",
    "part_fault",
))
VERDICTS = const(("quiet", "changed", "worse", "better", "unknown", "ended_quiet", "ended_changed"))
PATTERNS = const(("none", "thoracic", "limb", "systemic", "heat"))
LEVELS = const(("green", "amber", "red"))
CAPTURES = const(("impact", "asked"))
ATTEMPTS = const(("proved", "refused", "slowed", "read_only", "expired", "bonded", "bonds_forgotten", "replayed"))
MODES = const(("ship", "rest", "active", "duty", "alert", "charging", "low_battery", "safe"))
UPDATES = const(("installed", "confirmed", "rolled_back"))

# (number, name, fields); a field is (name, storage code, scale or words). The codes, with their null:
#   B b H h I i q   integers of 1, 1, 2, 2, 4, 4, 8 bytes (upper case unsigned); null: the largest, or the least
#   T   u48 milliseconds of uptime                                             null: all ones
#   U   u32 seconds UTC since 1970                                             null: all ones
#   e   u8, a word of the vocabulary        o   u8, 0 or 1                     null: 255
#   s   u8 length, UTF-8    L   u8 count, a word each    V   u8 count, u8 each (named by the words)   null: 255
#   w   u8 count, int16 each                                                   null: 255
#   d   32 bytes            m   16 bytes    (read as hexadecimal text)         null: all zeros
# A scale of 10 says that the stored number is ten times the value.
KINDS = const((
    (BOOT, "boot", (
        ("reason", "e", RESETS), ("firmware", "s", 1), ("torn_bytes", "H", 1), ("bad_sectors", "H", 1),
        ("heap_free", "I", 1),
    )),
    (CLOCK, "clock", (
        ("what", "e", CLOCK_EVENTS), ("offset_ms", "q", 1), ("step_ms", "q", 1), ("drift_ppm", "h", 10),
    )),
    (GAP, "gap", (
        ("stream", "e", STREAMS), ("samples", "I", 1), ("reason", "e", GAP_REASONS),
    )),
    (FAULT, "fault", (
        ("part", "e", PARTS), ("code", "e", FAULTS), ("value", "i", 1), ("detail", "s", 1),
    )),
    (WORN, "worn", (
        ("worn", "o", 1),
    )),
    (MINUTE, "minute", (
        ("rest_s", "B", 1), ("walk_s", "B", 1), ("trot_s", "B", 1), ("gallop_s", "B", 1),
        ("other_s", "B", 1), ("activity_mg", "H", 1), ("neck_pitch_deg", "b", 1), ("shakes", "B", 1),
        ("scratches", "B", 1), ("duty", "o", 1), ("worn_s", "B", 1), ("coverage_pct", "B", 1),
        ("battery_pct", "B", 1), ("minutes", "B", 1),
    )),
    (BOUT, "bout", (
        ("gait", "e", GAITS), ("start_uptime_ms", "T", 1), ("duration_s", "H", 10), ("strides", "H", 1),
        ("stride_hz", "H", 1000), ("asymmetry_mg", "H", 10), ("asymmetry_pct", "H", 10),
        ("asymmetry_se_mg", "H", 10),
    )),
    (PULSE, "pulse", (
        ("status", "e", STATUSES), ("hr_bpm", "H", 10), ("rmssd_ms", "H", 1), ("sdnn_ms", "H", 1),
        ("beats", "H", 1), ("quality", "B", 1), ("irregular", "o", 1), ("early_beats", "B", 1),
    )),
    (BREATH, "breath", (
        ("status", "e", STATUSES), ("rr_bpm", "H", 10), ("depth_mg", "H", 10), ("regularity_pct", "B", 1),
        ("sighs", "B", 1), ("catches", "B", 1), ("panting", "o", 1), ("quality", "B", 1),
        ("pants_bpm", "H", 1), ("quick_breaths", "B", 1),
    )),
    (IMPACT, "impact", (
        ("peak_g", "H", 100), ("duration_ms", "H", 1), ("clipped", "o", 1), ("axis", "e", AXES),
        ("felt", "o", 1),
    )),
    (SHAKE, "shake", (
        ("hz", "H", 100), ("duration_ms", "H", 1),
    )),
    (TREMOR, "tremor", (
        ("hz", "H", 100), ("amplitude_mg", "H", 10), ("duration_s", "H", 10),
    )),
    (LIE, "lie", (
        ("side", "e", SIDES), ("duration_ms", "H", 1), ("confidence_pct", "B", 1), ("jerk_mg", "H", 1),
    )),
    (RISE, "rise", (
        ("side", "e", SIDES), ("duration_ms", "H", 1), ("confidence_pct", "B", 1), ("jerk_mg", "H", 1),
    )),
    (NIGHT, "night", (
        ("rest_s", "H", 1), ("turns", "H", 1), ("left_s", "H", 1), ("right_s", "H", 1), ("rr_bpm", "H", 10),
    )),
    (TOUCH, "touch", (
        ("spot", "e", SPOTS), ("marks", "B", 1), ("flinches", "B", 1), ("control_marks", "B", 1),
        ("control_flinches", "B", 1),
    )),
    (DAY, "day", (
        ("pain_index", "B", 1), ("domains", "V", DOMAINS), ("reasons", "L", SIGNS),
        ("coverage_pct", "B", 1), ("masked", "L", SIGNS), ("limp_mg", "H", 10), ("limp_duty_mg", "H", 10),
        ("trot_mg", "H", 10), ("trot_spread_mg", "H", 10), ("trot_strides", "H", 1), ("trot_least_mg", "H", 10),
        ("trot_duty_mg", "H", 10), ("trot_duty_spread_mg", "H", 10), ("trot_duty_strides", "H", 1),
        ("trot_duty_least_mg", "H", 10), ("walk_mg", "H", 10), ("walk_spread_mg", "H", 10), ("walk_strides", "H", 1),
        ("walk_least_mg", "H", 10), ("walk_duty_mg", "H", 10), ("walk_duty_spread_mg", "H", 10),
        ("walk_duty_strides", "H", 1), ("walk_duty_least_mg", "H", 10),
    )),
    (ONSET, "onset", (
        ("signal", "e", SIGNS), ("at", "U", 1), ("plus_minus_h", "H", 1), ("impact_seq", "I", 1),
    )),
    (WATCH, "watch", (
        ("impact_seq", "I", 1), ("day", "B", 1), ("verdict", "e", VERDICTS),
    )),
    (PATTERN, "pattern", (
        ("name", "e", PATTERNS), ("evidence_for", "L", SIGNS), ("evidence_against", "L", SIGNS),
        ("missing", "L", SIGNS),
    )),
    (ALERT, "alert", (
        ("level", "e", LEVELS), ("reasons", "L", SIGNS), ("acknowledged", "o", 1),
    )),
    (DROP, "drop", (
        ("first_seq", "I", 1), ("last_seq", "I", 1),
    )),
    (SEAL, "seal", (
        ("sector", "I", 1), ("end", "H", 1), ("ring", "H", 1), ("previous", "d", 1), ("mac", "m", 1),
    )),
    (RAW, "raw", (
        ("source", "e", CAPTURES), ("event_seq", "I", 1), ("first_sample", "i", 1), ("period_us", "H", 1),
        ("xyz", "w", 1), ("from_boot", "H", 1), ("from_ms", "T", 1),
    )),
    (SETTINGS, "settings", (
        ("name", "s", 1), ("value", "s", 1),
    )),
    (SCRATCH, "scratch", (
        ("hz", "H", 100), ("duration_ms", "H", 1),
    )),
    (FLINCH, "flinch", (
        ("spot", "e", SPOTS), ("flinched", "o", 1), ("jerk_z", "h", 10), ("withdrawal_z", "h", 10),
        ("breath_z", "h", 10), ("heart_z", "h", 10),
    )),
    (ACCESS, "access", (
        ("what", "e", ATTEMPTS), ("peer", "s", 1), ("times", "H", 1),
    )),
    (MODE, "mode", (
        ("mode", "e", MODES), ("was", "e", MODES),
    )),
    (UPDATE, "update", (
        ("what", "e", UPDATES), ("version", "s", 1),
    )),
))
# fmt: on
