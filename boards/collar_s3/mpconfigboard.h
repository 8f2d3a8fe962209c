#define MICROPY_HW_BOARD_NAME               "Rex collar"
#define MICROPY_HW_MCU_NAME                 "ESP32-S3"

// The one socket is native USB; the test pads carry UART0.
#define MICROPY_HW_ENABLE_UART_REPL         (1)

#define MICROPY_HW_I2C0_SCL                 (9)
#define MICROPY_HW_I2C0_SDA                 (8)
