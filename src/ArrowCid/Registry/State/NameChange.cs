namespace ArrowCid.Registry;

/// <summary>One change of a name.</summary>
/// <param name="Name">The name.</param>
/// <param name="Cid">What the name points to since; null if the name was removed.</param>
/// <param name="Time">When, to the millisecond, by the store's clock, which never goes back.</param>
/// <param name="Writer">The handle that changed it: another one each time a store is opened.</param>
/// <param name="IsConflict">Another change replaced the same one: two stores changed the name, and their facts came
/// together. The later one stands.</param>
public readonly record struct NameChange(string Name, Cid? Cid, DateTimeOffset Time, Guid Writer, bool IsConflict);
