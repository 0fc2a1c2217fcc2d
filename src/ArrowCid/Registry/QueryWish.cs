namespace ArrowCid.Registry;

/// <summary>What a query is to find, and where it goes on.</summary>
internal sealed record QueryWish(Filter? Filter, bool WithAbsent, bool IsDescending, DateTimeOffset Now);
