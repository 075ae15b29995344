# Takes the device, or everything on it, away. Holds where no block.cmd is found.
request system (reboot|halt|power-cycle|power-off|zeroize)
request vmhost (reboot|halt|power-cycle|power-off|zeroize)
