package conform

// RaceEnabled says whether the tests were built with -race.
const RaceEnabled = raceEnabled
