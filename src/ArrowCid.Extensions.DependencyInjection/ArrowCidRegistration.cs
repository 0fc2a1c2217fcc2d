namespace ArrowCid.Extensions.DependencyInjection;

/// <summary>A store that was registered.</summary>
/// <param name="Name">Its key; empty where it has none.</param>
/// <param name="Find">Resolves it, and opens it where it is not open.</param>
internal sealed record ArrowCidRegistration(string Name, Func<IServiceProvider, CidStore> Find);
