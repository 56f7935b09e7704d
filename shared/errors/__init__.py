"""The exceptions that cross our own boundaries.

    CatalogError                 in `shared.errors.catalogue`, as the next five
    ├── NotFound                 no such record, or not in this org
    ├── AlreadyExists            a record with that key is there already
    ├── Changed                  somebody else wrote the record since it was read
    ├── IllegalTransition        a status may not follow the one that is stored
    ├── OperationCanceled        somebody asked for the operation's end
    ├── StoreUnavailable         storage is away or overloaded: may pass
    ├── SecretUnavailable        the secret store is away; in `shared.errors.services`, as the next three
    │   └── SecretMissing        it has no such secret
    ├── SinkUnavailable          the receiver of our events does not take them now: may pass
    ├── EventRefused             it will never take this one
    └── ProviderError            Azure said no; in `shared.errors.azure`, as the next two
        ├── TransientError       what may pass: throttling, conflicts, capacity, outages
        └── PermanentError       what only a person can mend

Foreign errors are translated into these once, in `shared.cloud`. Inside an orchestration they travel as data
(`shared.workflow.outcome.StepError`), since Durable Functions 1.x loses the type of an exception.
"""
