/* The archive protocol as a model: one due row, one day's file, two servers, two runs and what may befall them.
 * docs/protocol.md, "The protocol as a model", says which step stands for which code. tests/model/run checks it.
 *
 * The invariant is the first promise: once a run has succeeded, the row is in exactly one place, the table or the file.
 * Each of these takes one of the protocol's means away; the check must then find the loss:
 *   NO_LEASE NO_PROOF NO_FENCE NO_OWNER NO_IF_MATCH NO_LOOK UNKNOWN_TAKES_BACK ABORTED_BELIEVED EMPTY_AT_ONCE NO_RECOGNITION
 * A scenario says which second server there may be:
 *   COPY          one beside the first, of any moment, on its timeline or promoted
 *   COPY_BEHIND   one beside the first, of before its first run, on which nothing else happens
 *   FAILOVER      one in place of the first, which may lack its last commits
 *   STRANGER      one of another cluster, whose table has a row of its own
 * KILLS, LOST, PAUSES, STRANGERS: how many runs die, answers are lost, processes are stopped until the lease lapses, and
 * numbers of transactions go to others. */

#ifndef KILLS
#define KILLS 1
#endif
#ifndef LOST
#define LOST 1
#endif
#ifndef PAUSES
#define PAUSES 1
#endif
#ifndef STRANGERS
#define STRANGERS 1
#endif

/* What a server says of a transaction. */
#define UNREACHED 0
#define RUNNING 1
#define COMMITTED 2
#define ABORTED 3
/* What the file's mark says. */
#define FINAL 0
#define PENDING 1
#define RESTORING 2
#define RESTORED 3
/* What a run was asked to do. */
#define ARCHIVE 0
#define RECOVER 1
#define RESTORE 2
/* How a run ended. */
#define OPEN 0
#define DONE 1
#define GAVE_UP 2
#define REFUSED 3

#ifdef COPY_BEHIND
#define COPY
#define FORK_WHEN (!copied && db[0].lsn == 0)
#else
#define FORK_WHEN (!copied)
#endif
/* Assumed of a copy that may be of any moment: where a run of production dies or stops for a minute between its COMMIT
 * and the clearing of its mark, production's next run comes before the copy's. Nothing that a server can say tells a
 * copy from the server itself. */
#if defined(COPY) && !defined(COPY_BEHIND) && !defined(COPY_COMES_FIRST)
#define MAY_LAPSE !(lease == 0 && file.there && file.kind == PENDING && file.by == 0 && db[0].status[file.x] == COMMITTED)
#else
#define MAY_LAPSE true
#endif

#define XIDS 6
#define NOBODY 255

typedef server {
  bool alive;
  bool row;          /* the row is in the table, as committed */
  bool locked;       /* the advisory lock */
  byte next;         /* the number that the next transaction gets */
  byte status[XIDS];
  byte lsn;
  byte timeline
};
server db[2];
byte authority = 0; /* whose table is the application's */

/* The file. `base` and `tail` count the row; a request carries what it would leave. */
typedef content {
  bool there;
  byte etag;
  byte base;
  byte tail;
  byte kind;
  bool had_base; /* of a pending tail: the file was there before it */
  byte x;
  byte lsn;
  byte timeline;
  byte by
};
content file;
content late;       /* a request that is still on its way, perhaps of a dead run */
bool late_waiting = false;
byte late_etag;     /* its condition; NOBODY: the file is absent */
byte etags = 1;

byte lease = NOBODY; /* the server whose runs hold it */
byte epoch = 0;      /* changes whenever it is acquired: the ETag of the lock, into which each holder writes its name */
bool holder_lives = false;
byte proved = NOBODY; /* the server whose run has proved the lease and has not ended its transaction */
byte proved_x;

byte kills = KILLS, lost = LOST, pauses = PAUSES, strangers = STRANGERS;
byte result[3];
bool owed = true;   /* the row was once safe with us; false while only a database that may be lost had it */
bool stranger_in_file = false; /* the file has a row of the other cluster */
bool quiet = false; /* the last run: nothing befalls it */

inline copy_content(to, from) {
  to.there = from.there; to.etag = from.etag; to.base = from.base; to.tail = from.tail; to.kind = from.kind;
  to.had_base = from.had_base; to.x = from.x; to.lsn = from.lsn; to.timeline = from.timeline; to.by = from.by
}

inline clear_mark(c) { c.had_base = false; c.x = 0; c.lsn = 0; c.timeline = 0; c.by = NOBODY }

#ifdef NO_IF_MATCH
#define MATCHES(wanted) true
#else
#define MATCHES(wanted) ((wanted == NOBODY && !file.there) || (wanted != NOBODY && file.there && file.etag == wanted))
#endif

/* A write takes effect: a new ETag, or no file. */
inline take_effect(written) {
  copy_content(file, written);
  if
  :: file.there -> file.etag = etags; etags = etags + 1
  :: else -> file.etag = 0; file.base = 0; file.tail = 0; file.kind = FINAL; clear_mark(file)
  fi
}

/* A publishing write: sent once at a time; after an unclear answer, a look. `good` is false for a conflict. */
inline write(good) {
  do
  :: atomic { MATCHES(wanted) -> take_effect(wish); good = true; break }
  :: atomic { !MATCHES(wanted) -> good = false; break }
  :: atomic { lost > 0 && !quiet -> lost--;
       if
       :: MATCHES(wanted) -> take_effect(wish)
       :: skip
       :: !late_waiting -> copy_content(late, wish); late_etag = wanted; late_waiting = true
       fi };
#ifdef NO_LOOK
     good = true; break
#else
     atomic {
       if
       :: (file.there == wish.there && file.kind == wish.kind && file.x == wish.x && file.by == wish.by
           && (!file.there || file.base + file.tail == wish.base + wish.tail)) -> good = true; break
       :: else ->
          if
          :: (wanted == NOBODY && !file.there) || (wanted != NOBODY && file.there && file.etag == wanted) -> skip /* again */
          :: else -> good = false; break
          fi
       fi }
#endif
  :: atomic { kills > 0 && !quiet && !late_waiting -> kills--; copy_content(late, wish); late_etag = wanted; late_waiting = true; goto dead }
  od
}

inline may_die() {
  if
  :: skip
  :: atomic { kills > 0 && !quiet -> kills--; goto dead }
  fi
}

#if defined(NO_LEASE) || defined(NO_PROOF)
#define HELD true
#else
#define HELD (lease == s && epoch == held)
#endif

/* Renew Lease, never Acquire: it fails if another has had the lease since. */
inline prove() {
  if
  :: atomic { HELD && db[s].alive -> skip }
  :: atomic { !HELD || !db[s].alive -> result[me] = GAVE_UP; goto give_back }
  fi
}

inline abort_own() {
  if
  :: x != 0 && db[s].status[x] == RUNNING -> db[s].status[x] = ABORTED
  :: else -> skip
  fi;
  if
  :: proved == s -> proved = NOBODY
  :: else -> skip
  fi
}

/* Takes a pending tail away, or the word that the rows are on their way back. */
inline without_tail() {
  copy_content(wish, seen);
  wish.there = seen.kind != PENDING || seen.had_base;
  if
  :: seen.kind == PENDING -> wish.tail = 0
  :: else -> skip
  fi;
  wish.kind = FINAL;
  clear_mark(wish);
  wanted = seen.etag
}

inline with_tail() {
  copy_content(wish, seen);
  wish.base = seen.base + seen.tail;
  wish.tail = 0;
  wish.kind = FINAL;
  clear_mark(wish);
  wanted = seen.etag
}

#define AHEAD (seen.timeline > db[s].timeline || (seen.timeline == db[s].timeline && seen.lsn > db[s].lsn))

proctype run_of(byte me; byte s; byte what) {
  content seen, wish;
  byte wanted, x = 0, fate, held;
  bool good, undo, due, known;

  /* The advisory lock, tried; then the lease. */
  atomic {
    if
    :: db[s].alive && !db[s].locked -> db[s].locked = true
    :: else -> result[me] = GAVE_UP; goto ended
    fi
  };
#ifndef NO_LEASE
  atomic {
    if
    :: lease == NOBODY || lease == s -> lease = s; holder_lives = true; epoch++; held = epoch
    :: else -> db[s].locked = false; result[me] = GAVE_UP; goto ended
    fi
  };
#endif

  /* Settle what an earlier run left. */
  atomic { copy_content(seen, file) };
  if
  :: seen.there && (seen.kind == PENDING || seen.kind == RESTORING) ->
     atomic {
       known = !AHEAD && db[s].timeline == seen.timeline && db[s].status[seen.x] != UNREACHED;
       fate = (known -> db[s].status[seen.x] : UNREACHED);
       if
       :: seen.kind == PENDING && fate == COMMITTED && db[s].row -> fate = UNREACHED
       :: else -> skip
       fi;
#ifndef ABORTED_BELIEVED
       if
       :: seen.kind == PENDING && fate == ABORTED && !db[s].row -> fate = UNREACHED
       :: else -> skip
       fi
#endif
     };
     if
     :: fate == RUNNING -> result[me] = GAVE_UP; goto give_back
     :: else -> skip
     fi;
#ifndef UNKNOWN_TAKES_BACK
     if
     :: seen.kind == PENDING && fate == UNREACHED && AHEAD -> result[me] = REFUSED; goto give_back
     :: else -> skip
     fi;
#endif
     atomic {
       undo = fate == ABORTED || (fate == UNREACHED && db[s].row);
       if
       :: seen.kind == RESTORING && (fate == ABORTED || !db[s].row) -> without_tail()
       :: seen.kind == RESTORING && !(fate == ABORTED || !db[s].row) ->
          with_tail();
#ifdef EMPTY_AT_ONCE
          wish.base = 0
#else
          wish.kind = RESTORED
#endif
       :: seen.kind == PENDING && undo -> without_tail()
       :: seen.kind == PENDING && !undo -> with_tail()
       fi
     };
     /* Proved between the look and the write: whoever published before the look and proves the lease later finds out. */
     prove();
     write(good);
     if
     :: !good -> result[me] = GAVE_UP; goto give_back
     :: else -> skip
     fi;
     atomic { copy_content(seen, file) }
  :: else -> skip
  fi;
  may_die();

  if
  :: what == RECOVER -> result[me] = DONE; goto give_back
  :: what == ARCHIVE && !db[s].row -> result[me] = DONE; goto give_back
  :: what == RESTORE && !(seen.there && seen.base + seen.tail > 0 && seen.kind == FINAL) -> result[me] = DONE; goto give_back
  :: else -> skip
  fi;

  /* The transaction gets its number, and the log is flushed. */
  atomic {
    if
    :: db[s].alive -> x = db[s].next; db[s].next = x + 1; db[s].status[x] = RUNNING; db[s].lsn = db[s].lsn + 1
    :: else -> result[me] = GAVE_UP; goto give_back
    fi;
    wanted = (seen.there -> seen.etag : NOBODY);
    copy_content(wish, seen);
    wish.there = true;
    wish.base = seen.base + seen.tail;
    wish.had_base = seen.there;
    wish.x = x; wish.lsn = db[s].lsn; wish.timeline = db[s].timeline; wish.by = me;
    if
    :: what == ARCHIVE ->
       wish.kind = PENDING;
#ifdef NO_RECOGNITION
       wish.tail = 1
#else
       wish.tail = (wish.base > 0 -> 0 : 1)
#endif
    :: else -> wish.kind = RESTORING; wish.tail = 0
    fi
  };
  write(good);
  may_die();
  if
  :: !good -> goto put_back
  :: else -> skip
  fi;

  /* The lease is proved; from here on the server ends an idle session before the lease can lapse. */
  atomic {
    if
    :: HELD -> proved = s; proved_x = x
    :: else -> goto put_back
    fi
  };
  may_die();

  /* COMMIT: it arrives or not, and is answered or not; who dies here may have sent it. */
  atomic {
    if
    :: db[s].alive && db[s].status[x] == RUNNING ->
       db[s].status[x] = COMMITTED; db[s].lsn = db[s].lsn + 1;
       db[s].row = what == RESTORE;
       assert(!(what == RESTORE && stranger_in_file)); /* a row of another database in our table */
       owed = true;
       if
       :: kills > 0 && !quiet -> kills--; proved = (proved == s -> NOBODY : proved); goto dead
       :: skip
       fi
    :: !db[s].alive -> result[me] = GAVE_UP; goto dead /* in doubt: the marks stay */
    :: db[s].alive && db[s].status[x] != RUNNING -> goto put_back
    fi;
    proved = (proved == s -> NOBODY : proved)
  };

  /* The marks come off. */
  atomic {
    wanted = file.etag;
    if
    :: !(file.there && file.x == x && file.by == me && file.kind != FINAL) -> result[me] = REFUSED; goto give_back
    :: else -> skip
    fi;
    copy_content(seen, file);
    with_tail();
    if
    :: what == RESTORE ->
#ifdef EMPTY_AT_ONCE
       wish.base = 0
#else
       wish.kind = RESTORED
#endif
    :: else -> skip
    fi
  };
  write(good);
  result[me] = (good -> DONE : REFUSED);
  goto give_back;

put_back:
  atomic { abort_own(); copy_content(seen, file) };
  if
  :: seen.there && seen.x == x && seen.by == me && (seen.kind == PENDING || seen.kind == RESTORING) -> atomic { without_tail() }; write(good)
  :: else -> skip
  fi;
  result[me] = GAVE_UP;

give_back:
  atomic {
    abort_own();
    db[s].locked = false;
    if
    :: lease == s && epoch == held -> lease = NOBODY
    :: else -> skip
    fi;
    goto ended
  };

dead:
  atomic {
    abort_own();
    db[s].locked = false;
    if
    :: lease == s && epoch == held -> holder_lives = false
    :: else -> skip
    fi;
    if
    :: result[me] == OPEN -> result[me] = GAVE_UP
    :: else -> skip
    fi
  };
ended:
  skip
}

inline fork_second(newer) {
  db[1].row = db[0].row; db[1].next = db[0].next; db[1].lsn = db[0].lsn; db[1].timeline = db[0].timeline + newer;
  i = 0;
  do
  :: i < XIDS -> db[1].status[i] = (db[0].status[i] == RUNNING -> ABORTED : db[0].status[i]); i++
  :: else -> break
  od;
  db[1].alive = true; i = 0
}

/* What may befall: a late request lands, a lease lapses, others use up a transaction number, another server. */
active proctype world() {
  byte i, started = 0, newer;
  bool copied = false, dead_first = false, arrived = true, landed = false;

  atomic {
    db[0].alive = true; db[0].next = 1; db[0].timeline = 1; db[0].row = true;
    file.by = NOBODY; late.by = NOBODY;
    if /* the row is in the table alone; the file has other rows; the row is in the file; it comes later */
    :: skip
    :: file.there = true; file.etag = etags; etags++
    :: file.there = true; file.etag = etags; etags++; file.base = 1; db[0].row = false
#ifdef FAILOVER
    :: db[0].row = false; arrived = false; owed = false
#endif
    fi
  };

  do
  :: atomic { late_waiting -> late_waiting = false;
       if
       :: MATCHES(late_etag) -> take_effect(late)
       :: else -> skip
       fi }
  :: atomic { lease != NOBODY && !holder_lives && MAY_LAPSE -> lease = NOBODY }
  :: atomic { lease != NOBODY && holder_lives && pauses > 0 && MAY_LAPSE -> pauses--;
       /* its process is stopped: the server ends a session that has proved the lease and idles */
#ifndef NO_FENCE
       if
       :: proved == lease && db[lease].status[proved_x] == RUNNING -> db[lease].status[proved_x] = ABORTED; proved = NOBODY
       :: else -> skip
       fi;
#endif
       lease = NOBODY }
  :: atomic { strangers > 0 -> strangers--;
       if
       :: db[0].alive -> i = 0
       :: db[1].alive -> i = 1
       fi;
       if
       :: db[i].status[db[i].next] = COMMITTED
       :: db[i].status[db[i].next] = ABORTED
       fi;
       db[i].next = db[i].next + 1; db[i].lsn = db[i].lsn + 3; i = 0 }
  :: atomic { !arrived && (copied || started > 0) && !dead_first -> arrived = true; db[0].row = true; db[0].lsn = db[0].lsn + 1 }
#ifdef COPY
  :: atomic { FORK_WHEN -> copied = true;
       if
       :: newer = 0
#ifndef COPY_BEHIND
       :: newer = 1
#endif
       fi;
       fork_second(newer) }
#endif
#ifdef FAILOVER
  :: atomic { !copied && db[0].alive -> copied = true;
       if
       :: newer = 0
       :: newer = 1
       fi;
       fork_second(newer); db[1].alive = false }
  :: atomic { copied && !dead_first -> dead_first = true; db[0].alive = false; db[1].alive = true; authority = 1 }
#endif
#if defined(STRANGER) && defined(NO_OWNER) /* an owner's folder is refused to others, exit 3 */
  :: atomic { file.there && file.kind == FINAL && lease == NOBODY && !stranger_in_file ->
       stranger_in_file = true; file.etag = etags; etags++ }
#endif
  :: atomic { started == 0 -> started = 1;
       if
       :: run run_of(0, 0, ARCHIVE)
       :: run run_of(0, 0, RESTORE)
       fi }
  :: atomic { started == 1 -> started = 2;
       if
#ifdef COPY
       :: db[1].alive -> if :: run run_of(1, 1, ARCHIVE) :: run run_of(1, 1, RECOVER) :: run run_of(1, 1, RESTORE) fi
#endif
#ifdef FAILOVER
       :: db[1].alive -> if :: run run_of(1, 1, ARCHIVE) :: run run_of(1, 1, RECOVER) :: run run_of(1, 1, RESTORE) fi
#endif
       :: db[0].alive -> if :: run run_of(1, 0, ARCHIVE) :: run run_of(1, 0, RECOVER) :: run run_of(1, 0, RESTORE) fi
       fi }
  :: atomic { started == 2 && result[0] != OPEN && result[1] != OPEN && _nr_pr == 1 -> break }
  od;

  /* The next run, to which nothing happens. */
  atomic {
    lease = NOBODY; quiet = true; owed = owed || db[authority].row;
    run run_of(2, authority, ARCHIVE)
  };
  _nr_pr == 1;
  atomic {
    if
    :: late_waiting && MATCHES(late_etag) -> take_effect(late); landed = true /* the next run settles it */
    :: else -> skip
    fi;
    i = file.base + file.tail;
    assert(!owed || db[authority].row + i >= 1); /* never lost */
    if
    :: result[2] == DONE ->
       assert(db[authority].row + i <= 1);       /* never twice */
       assert(!db[authority].row || !owed);      /* archived, as it was due */
       assert(landed || file.kind == FINAL || file.kind == RESTORED)
    :: else -> assert(result[2] == REFUSED)      /* a person decides; nothing else stops a run to which nothing happens */
    fi
  }
}
