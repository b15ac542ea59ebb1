package manifest

import (
	"fmt"
	"strings"
)

// Dockerfile writes the Dockerfile of an image that serves the workflow over HTTP on $PORT. Its environment is pixi's.
func Dockerfile(in Input) []byte {
	var b strings.Builder
	b.WriteString(`FROM debian:bookworm-slim AS pixi
ARG PIXI_VERSION=latest
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates curl \
    && rm -rf /var/lib/apt/lists/*
RUN curl -fsSL https://pixi.sh/install.sh | PIXI_VERSION=$PIXI_VERSION PIXI_HOME=/opt/pixi PIXI_NO_PATH_UPDATE=1 bash

FROM debian:bookworm-slim AS app
COPY --from=pixi /opt/pixi /opt/pixi
COPY --from=pixi /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
ENV PATH="/opt/pixi/bin:$PATH"
`)
	if len(folders(in)) > 0 {
		b.WriteString("# Channels that are folders keep their paths; the pixi task docker-build puts them here.\nCOPY .channels /\n")
	}
	fmt.Fprintf(&b, `WORKDIR /app
COPY . .
RUN if [ -f pixi.lock ]; then pixi install -e default --locked; else pixi install -e default; fi

ENV PORT=8080
EXPOSE 8080
CMD ["sh", "-c", "exec pixi run -e default python -m %s serve --host 0.0.0.0 --port \"$PORT\""]
`, in.Module)
	return []byte(b.String())
}

// Dockerignore writes .dockerignore.
func Dockerignore() []byte {
	return []byte(".git/\n.pixi/\n**/__pycache__/\n*.egg-info/\n.pytest_cache/\nbuild/\ndist/\nresults/\n")
}
