using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;

namespace ArrowCid.Server.Http;

/// <summary>Reads the names in paths before the host routes its requests, where the API is mapped.</summary>
internal sealed class PathNamesFilter : IStartupFilter
{
    /// <summary>Whether the API is mapped.</summary>
    public bool HasApi { get; set; }

    /// <inheritdoc/>
    public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
    {
        app.Use(following => context => HasApi ? PathNames.Take(context, following) : following(context));
        next(app);
    };
}
