"""The collar's own board: ESP32-S3-MINI-1-N8, the three sensors behind a load switch, charger, button, LED. Lines: ../README.md.

Data only. Every board defines these names and no others; a part or line that a board lacks is None.
"""

NAME = "collar_s3"

# The bus of all three chips. All of them are specified for fast mode.
I2C_ID = 0
I2C_SCL = 9
I2C_SDA = 8
I2C_HZ = 400_000

# Lines are GPIO numbers below 22, which alone can wake an ESP32-S3 from any sleep.
ACCELEROMETER_ADDRESS = 0x6A
ACCELEROMETER_INT1 = 4
ACCELEROMETER_INT2 = 5
PULSE_ADDRESS = 0x57
PULSE_INT = 6
GAUGE_ADDRESS = 0x36
GAUGE_ALERT = 7

# The button pulls low, the LED lights when high, the charger's open-drain output is low while it charges.
BUTTON = 0
LED = 16
CHARGER_STATUS = 15
SENSOR_POWER = 17

# Flash: the data partition of partitions.csv, and the one unit that its chip erases.
JOURNAL_LABEL = "journal"
SETTINGS_LABEL = "settings"
JOURNAL_SIZE = 0x300000
FLASH_SECTOR = 4096

# Limits. A flash erase stalls for up to 100 ms and a collection for less. The task that wakes once a minute has to have
# had a look at the others before the watchdog bites, so that somebody knows who hung.
CPU_HZ = 80_000_000
WATCHDOG_MS = 90_000
BATTERY_MAH = 500

# Worn for weeks. On the charger the radio stays on, so the console can be reached there.
LIGHT_SLEEP = True

# Advertised as this and the last two bytes of the radio's address.
RADIO_NAME = "Rex"
