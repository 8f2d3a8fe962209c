# What is frozen into this board's firmware: the port's own start-up, asyncio, the board and the collar.
freeze("$(PORT_DIR)/modules")
include("$(MPY_DIR)/extmod/asyncio")
module("board.py", base_path="$(BOARD_DIR)")
module("boot.py", base_path="$(BOARD_DIR)/../../firmware")
module("main.py", base_path="$(BOARD_DIR)/../../firmware")
package("collar", base_path="$(BOARD_DIR)/../../firmware")
