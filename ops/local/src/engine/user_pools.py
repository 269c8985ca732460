"""Has many users of a pool created, found and signed in at the same time.

The engine finds a user by email by reading all of them, twice, in several threads: one more user meanwhile was its
"dictionary changed size during iteration", and of thousands of users each call took longer than the one before.

Written for the pinned version of the engine; whatever is wrapped here is checked first.
"""

import threading

from ministack.services import cognito

from pinned import wrap


class Users(dict):
    """Users by name, who can be read while others come and go."""

    def values(self):
        # One step to other threads, unlike a loop over the dictionary itself.
        return list(super().values())


lock = threading.Lock()
# The names of users who were found, by pool and by what was looked for.
names = {}


@wrap(cognito, "_resolve_pool", ["pool_id"])
def hold_users_apart(inner, pool_id):
    pool, failure = inner(pool_id)
    if pool is not None and not isinstance(pool["_users"], Users):
        with lock:
            # Another thread may have been first.
            if not isinstance(pool["_users"], Users):
                pool["_users"] = Users(pool["_users"])
    return pool, failure


@wrap(cognito, "_resolve_user", ["pool", "username"])
def find_at_once(inner, pool, username):
    asked = (pool["Id"], username)
    known = pool["_users"].get(names.get(asked))
    if known is not None and username not in pool["_users"] and is_called(pool, known, username):
        return known, None
    user, failure = inner(pool, username)
    if user is not None:
        names[asked] = user["Username"]
    return user, failure


def is_called(pool, user, username):
    """Whether a user has this id, or still has this address by which the pool's users sign in."""
    attributes = cognito._attr_list_to_dict(user.get("Attributes", []))
    return username in (attributes.get(name) for name in ("sub", *(pool.get("UsernameAttributes") or [])))
