using System.Diagnostics.Metrics;

namespace ArrowCid.Server.Http;

/// <summary>A figure of a store.</summary>
/// <param name="Name">Its name, without <c>_total</c>.</param>
/// <param name="Help">What it is.</param>
/// <param name="IsCounter">Whether it only grows.</param>
/// <param name="Read">Its values now, with their tags.</param>
internal sealed record StoreMetric(string Name, string Help, bool IsCounter,
    Func<IEnumerable<Measurement<double>>> Read);
