namespace ArrowCid;

/// <summary>The kind of a <see cref="StoreEvent"/>.</summary>
public enum StoreEventKind
{
    /// <summary>A batch was put that the store did not have.</summary>
    New = 1,

    /// <summary>A batch was put that the store had.</summary>
    Repeated = 2,

    /// <summary>Something was missed; <see cref="StoreEvent.Gap"/> says what. There is no batch.</summary>
    Gap = 3,

    /// <summary>A name was set, changed or removed (<see cref="WatchOptions.Names"/>). There is no batch.</summary>
    Name = 4,
}
