"""All programs of the phrasebook, a module for each of its groups."""

import running
import tasks
import several
import timing
import cancelling
import synchronisation
import queues
import threads
import callbacks
import streams
import subprocesses
import signals
import contexts
import debugging
import scopes

from helpers import programs, run
