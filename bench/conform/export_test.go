package conform

// RaceEnabled says whether the tests were built with -race.
const RaceEnabled = raceEnabled

// TrialFile is the environment variable of a trial.
const TrialFile = trialFile
