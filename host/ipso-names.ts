/** What humans call IPSO's objects and the resources that they share (OMA registry): id, name and [units]. */

export const IPSO_OBJECTS = `
3200 Digital Input
3201 Digital Output
3202 Analog Input
3203 Analog Output
3300 Generic Sensor
3301 Illuminance
3302 Presence
3303 Temperature
3304 Humidity
3305 Power Measurement
3306 Actuation
3308 Set Point
3310 Load Control
3311 Light Control
3312 Power Control
3313 Accelerometer
3314 Magnetometer
3315 Barometer
3316 Voltage
3317 Current
3318 Frequency
3319 Depth
3320 Percentage
3321 Altitude
3322 Load
3323 Pressure
3324 Loudness
3325 Concentration
3326 Acidity
3327 Conductivity
3328 Power
3329 Power Factor
3330 Distance
3331 Energy
3332 Direction
3333 Time
3334 Gyrometer
3335 Colour
3336 Location
3337 Positioner
3338 Buzzer
3339 Audio Clip
3340 Timer
3341 Addressable Text Display
3342 On/Off switch
3343 Dimmer
3344 Up/Down Control
3345 Multiple Axis Joystick
3346 Rate
3347 Push button
3348 Multi-state Selector
`;

export const IPSO_RESOURCES = `
5500 Digital Input State
5501 Digital Input Counter
5502 Digital Input Polarity
5503 Digital Input Debounce [ms]
5504 Digital Input Edge Selection
5505 Digital Input Counter Reset
5506 Current Time
5507 Fractional Time [s]
5508 Min X Value
5509 Max X Value
5510 Min Y Value
5511 Max Y Value
5512 Min Z Value
5513 Max Z Value
5517 Velocity
5518 Timestamp
5519 Min Limit
5520 Max Limit
5521 Delay Duration [s]
5522 Clip
5523 Trigger
5524 Duration [s]
5525 Minimum Off-time [s]
5526 Timer Mode
5527 Text
5528 X Coordinate
5529 Y Coordinate
5530 Clear Display
5531 Contrast [/100]
5532 Increase Input State
5533 Decrease Input State
5534 Counter
5536 Current Position [/100]
5537 Transition Time [s]
5538 Remaining Time [s]
5541 Up Counter
5542 Down Counter
5543 Digital State
5544 Cumulative Time [s]
5545 Max X Coordinate
5546 Max Y Coordinate
5547 Multi-state Input
5548 Level [/100]
5550 Digital Output State
5551 Digital Output Polarity
5600 Analog Input Current Value
5601 Min Measured Value
5602 Max Measured Value
5603 Min Range Value
5604 Max Range Value
5605 Reset Min and Max Measured Values
5650 Analog Output Current Value
5700 Sensor Value
5701 Sensor Units
5702 X Value
5703 Y Value
5704 Z Value
5705 Compass Direction [deg]
5706 Colour
5750 Application Type
5751 Sensor Type
5800 Instantaneous active power [W]
5801 Min Measured active power [W]
5802 Max Measured active power [W]
5803 Min Range active power [W]
5804 Max Range active power [W]
5805 Cumulative active power [Wh]
5806 Active Power Calibration [W]
5810 Instantaneous reactive power [var]
5811 Min Measured reactive power [var]
5812 Max Measured reactive power [var]
5813 Min Range reactive power [var]
5814 Max Range reactive power [var]
5815 Cumulative reactive power [varh]
5816 Reactive Power Calibration [var]
5820 Power factor
5821 Current Calibration
5822 Reset Cumulative energy
5823 Event Identifier
5824 Start Time
5825 Duration In Min [min]
5826 Criticality Level
5827 Avg Load AdjPct [/100]
5828 Duty Cycle [/100]
5850 On/Off
5851 Dimmer [/100]
5852 On time [s]
5853 Multi-state Output
5854 Off Time [s]
5900 Set Point Value
5903 Busy to Clear delay [ms]
5904 Clear to Busy delay [ms]
6042 Measurement Quality Indicator
6049 Measurement Quality Level
6050 Fractional Timestamp [s]
6051 Numeric Latitude [lat]
6052 Numeric Longitude [lon]
6053 Numeric Uncertainty [m]
`;
