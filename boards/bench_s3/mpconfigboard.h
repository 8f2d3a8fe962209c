#define MICROPY_HW_BOARD_NAME               "Rex bench collar"
#define MICROPY_HW_MCU_NAME                 "ESP32-S3"

// The board's own USB bridge hangs on UART0; native USB is on the other socket.
#define MICROPY_HW_ENABLE_UART_REPL         (1)

#define MICROPY_HW_I2C0_SCL                 (9)
#define MICROPY_HW_I2C0_SDA                 (8)
